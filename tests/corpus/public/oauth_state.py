import hashlib
import hmac
import json
import logging
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlunsplit

logger = logging.getLogger()
logger.setLevel(logging.INFO)

KEY = b'a-key'


def seal(claims):
    payload = urlsafe_b64encode(json.dumps(claims, separators=(',', ':')).encode()).rstrip(b'=')
    return b'.'.join((payload, hmac.new(KEY, payload, hashlib.sha256).hexdigest().encode())).decode()


def unseal(text):
    payload, _, digest = text.rpartition('.')
    if not hmac.compare_digest(hmac.new(KEY, payload.encode(), hashlib.sha256).hexdigest(), digest):
        return None
    claims = json.loads(urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))
    return claims if claims['exp'] > time.time() else None


def redirect(url, *cookies):
    return {
        'status': 302,
        'statusDescription': 'Found',
        'headers': {
            'location': [{'key': 'Location', 'value': url}],
            'set-cookie': [{'key': 'Set-Cookie', 'value': cookie} for cookie in cookies],
        },
    }


def handler(event, context):
    request = event['Records'][0]['cf']['request']
    jar = SimpleCookie()
    for line in request['headers'].get('cookie', ()):
        jar.load(line['value'])
    query = {name: values[0] for name, values in parse_qs(request['querystring']).items()}

    if request['uri'] == '/_callback':
        if jar.get('nonce') is None or query.get('state') != jar['nonce'].value:
            logger.warning('state does not match')
            return {'status': '400', 'body': 'start again'}
        session = seal({'sub': query['code'], 'exp': int(time.time()) + 3600})
        return redirect('/', f'session={session}; Path=/; HttpOnly', 'nonce=; Max-Age=0')

    if 'session' in jar and (claims := unseal(jar['session'].value)):
        request['headers']['x-user'] = [{'key': 'X-User', 'value': claims['sub']}]
        return request

    nonce = secrets.token_urlsafe(8)
    where = urlunsplit(('https', 'id.example.com', '/authorize', urlencode({'state': nonce}), ''))
    return redirect(where, f'nonce={nonce}; HttpOnly')
