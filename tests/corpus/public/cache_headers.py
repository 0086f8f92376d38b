import os.path

RULES = {('.css', '.js', '.woff2'): 'public, max-age=31536000, immutable', ('.html', ''): 'public, max-age=0, must-revalidate'}


def handler(event, context):
    cf = event['Records'][0]['cf']
    _, extension = os.path.splitext(cf['request']['uri'])
    response = cf['response']
    for extensions, value in RULES.items():
        if extension in extensions and response['status'] == '200':
            response['headers']['cache-control'] = [{'key': 'Cache-Control', 'value': value}]
    for name in ('x-powered-by', 'server', 'x-amz-meta-secret'):
        response['headers'].pop(name, None)
    return response
