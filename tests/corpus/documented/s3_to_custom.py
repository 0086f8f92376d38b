from urllib.parse import parse_qs


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    params = {k: v[0] for k, v in parse_qs(request['querystring']).items()}
    if params.get('useCustomOrigin') == 'true':
        request['origin'] = {
            'custom': {
                'domainName': 'www.example.com',
                'port': 443,
                'protocol': 'https',
                'path': '',
                'sslProtocols': ['TLSv1', 'TLSv1.1'],
                'readTimeout': 5,
                'keepaliveTimeout': 5,
                'customHeaders': {},
            }
        }
        request['headers']['host'] = [{'key': 'host', 'value': 'www.example.com'}]
    return request
