import urllib.parse


def parse_cookies(headers):
    parsed = {}
    if headers.get('cookie'):
        for cookie in headers['cookie'][0]['value'].split(';'):
            if cookie:
                parts = cookie.split('=')
                parsed[parts[0].strip()] = parts[1].strip()
    return parsed


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    headers = request['headers']
    parsed_cookies = parse_cookies(headers)
    if parsed_cookies and parsed_cookies['session-id']:
        return request

    redirect_url = f"https://{headers['host'][0]['value']}{request['uri']}"
    if request['querystring']:
        redirect_url += f"?{request['querystring']}"
    encoded = urllib.parse.quote_plus(redirect_url.encode('utf-8'))
    return {
        'status': '302',
        'statusDescription': 'Found',
        'headers': {
            'location': [{'key': 'Location', 'value': f'http://www.example.com/signin?redirect_url={encoded}'}]
        },
    }
