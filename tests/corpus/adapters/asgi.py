"""An ASGI application behind an adapter, with an event loop of its own, as Mangum does it."""
import asyncio
import base64
from urllib.parse import unquote

BLOCKED = {'connection', 'content-length', 'transfer-encoding', 'via'}


async def app(scope, receive, send):
    body = b''
    while True:
        message = await receive()
        body += message.get('body', b'')
        if not message.get('more_body'):
            break
    await asyncio.sleep(0)
    name = dict(scope['headers']).get(b'x-name', b'nobody').decode()
    text = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} by {name}: {len(body)} bytes".encode()
    headers = [(b'content-type', b'text/plain'), (b'content-length', str(len(text)).encode()), (b'set-cookie', b'a=1'), (b'set-cookie', b'b=2')]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': text[:5], 'more_body': True})
    await send({'type': 'http.response.body', 'body': text[5:]})


class Adapter:
    def __init__(self, app, lifespan='off'):
        self.app = app
        self.loop = asyncio.new_event_loop()

    def __call__(self, event, context):
        return self.loop.run_until_complete(self.respond(event['Records'][0]['cf']['request']))

    async def respond(self, request):
        raw = request.get('body', {}).get('data', '')
        scope = {
            'type': 'http', 'http_version': '1.1', 'method': request['method'], 'path': unquote(request['uri']),
            'query_string': request['querystring'].encode(), 'client': (request['clientIp'], 0),
            'headers': [(name.encode(), line['value'].encode()) for name, lines in request['headers'].items() for line in lines],
        }
        events = asyncio.Queue()
        await events.put({'type': 'http.request', 'body': base64.b64decode(raw)})
        answer, body = {}, []

        async def send(message):
            if message['type'] == 'http.response.start':
                answer['status'] = message['status']
                answer['headers'] = {}
                for key, value in message['headers']:
                    if key.decode() not in BLOCKED:
                        answer['headers'].setdefault(key.decode(), []).append({'key': key.decode(), 'value': value.decode()})
            else:
                body.append(message.get('body', b''))

        await self.app(scope, events.get, send)
        return {**answer, 'body': base64.b64encode(b''.join(body)).decode(), 'bodyEncoding': 'base64'}


handler = Adapter(app, lifespan='off')
