from urllib.parse import parse_qs


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    params = {k: v[0] for k, v in parse_qs(request['querystring']).items()}
    if params.get('useS3Origin') == 'true':
        s3DomainName = 'my-bucket.s3.amazonaws.com'
        request['origin'] = {
            's3': {
                'domainName': s3DomainName,
                'region': '',
                'authMethod': 'none',
                'path': '',
                'customHeaders': {},
            }
        }
        request['headers']['host'] = [{'key': 'host', 'value': s3DomainName}]
    return request
