import base64
from urllib.parse import parse_qs, quote, urlencode


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    if request['method'] == 'POST':
        body = base64.b64decode(request['body']['data']).decode()
        params = {k: v[0] for k, v in parse_qs(body).items()}
        if params.get('key'):
            params['key'] = 'redacted value'
        request['body']['action'] = 'replace'
        request['body']['encoding'] = 'text'
        request['body']['data'] = urlencode(params, quote_via=quote)
    return request
