import base64
from urllib.parse import parse_qs


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    if request['method'] == 'POST':
        body = base64.b64decode(request['body']['data'])
        params = {k: v[0] for k, v in parse_qs(body).items()}
        for key, value in params.items():
            print('For "%s" user submitted "%s".\n' % (key.decode(), value.decode()))
    return request
