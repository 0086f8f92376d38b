"""Clients made once, a configuration from a packaged file or from defaults, a cache with a TTL in a global."""
import json
import os
import time
from functools import lru_cache

_cache = {}
TTL = 60


@lru_cache(maxsize=None)
def config():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'session_store.json')
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    return {'prefix': 'us-east-1.', 'grace': 5}


def fetch(key):
    return {'key': key, 'at': int(time.time())}


def cached(key):
    entry = _cache.get(key)
    if entry is None or entry['at'] + TTL <= time.time():
        entry = _cache[key] = fetch(key)
    return entry


def handler(event, context):
    request = event['Records'][0]['cf']['request']
    assert context.function_name.startswith(config()['prefix']), context.function_name
    assert context.log_group_name == '/aws/lambda/' + context.function_name
    if context.get_remaining_time_in_millis() < config()['grace']:
        return request
    entry = cached(request['uri'])
    return {'status': '200', 'body': json.dumps({'age': int(time.time()) - entry['at'], 'region': os.environ['AWS_REGION']})}
