"""A logger and a metrics wrapper in the manner of the well-known toolkit, and threads that finish in time."""
import functools
import json
import logging
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone


class JsonFormatter(logging.Formatter):
    def format(self, record):
        body = {'level': record.levelname, 'message': record.getMessage(), 'service': 'edge', **getattr(record, 'keys', {})}
        if record.exc_info:
            body['exception_name'] = record.exc_info[0].__name__
        return json.dumps(body)


class Logger(logging.LoggerAdapter):
    def __init__(self):
        logger = logging.getLogger('service')
        logger.propagate = False
        logger.setLevel(logging.INFO)
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(JsonFormatter())
        logger.addHandler(stream)
        super().__init__(logger, {})
        self.cold = True

    def process(self, msg, kwargs):
        return msg, {**kwargs, 'extra': {'keys': self.extra}}

    def inject_lambda_context(self, handler):
        @functools.wraps(handler)
        def decorate(event, context, *args, **kwargs):
            self.extra = {
                'cold_start': self.cold,
                'function_name': context.function_name,
                'function_memory_size': context.memory_limit_in_mb,
                'function_request_id': context.aws_request_id,
            }
            self.cold = False
            return handler(event, context, *args, **kwargs)

        return decorate


logger = Logger()


def timed(handler):
    @functools.wraps(handler)
    def decorate(event, context):
        begun = time.perf_counter()
        try:
            return handler(event, context)
        finally:
            print(json.dumps({'_aws': {'Timestamp': int(datetime.now(timezone.utc).timestamp() * 1000)}, 'Duration': round((time.perf_counter() - begun) * 1000)}))

    return decorate


def lookup(name):
    return name, f'{name}-value'


@logger.inject_lambda_context
@timed
def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    try:
        with ThreadPoolExecutor(max_workers=4) as pool:
            for name, value in pool.map(lookup, ['one', 'two']):
                request['headers'][f'x-{name}'] = [{'key': f'X-{name.title()}', 'value': value}]
        if request['uri'] == '/fail':
            raise LookupError(request['uri'])
        logger.info('done')
    except LookupError:
        logger.exception('failed')
        traceback.print_exc()
    return request
