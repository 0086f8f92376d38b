import base64
import hmac

USERS = {'preview': 'let-me-in'}


def challenge():
    return {
        'status': '401',
        'statusDescription': 'Unauthorized',
        'headers': {'www-authenticate': [{'key': 'WWW-Authenticate', 'value': 'Basic realm="preview", charset="UTF-8"'}]},
        'body': 'Unauthorized',
    }


def lambda_handler(event, _context):
    request = event['Records'][0]['cf']['request']
    try:
        scheme, _, credentials = request['headers']['authorization'][0]['value'].partition(' ')
        name, _, password = base64.b64decode(credentials).decode('utf-8').partition(':')
        if scheme.lower() != 'basic' or not hmac.compare_digest(USERS[name], password):
            return challenge()
    except (KeyError, ValueError):
        return challenge()
    del request['headers']['authorization']
    return request
