from urllib.parse import parse_qs, urlencode


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    params = {k: v[0] for k, v in parse_qs(request['querystring'].lower()).items()}
    sortedParams = sorted(params.items(), key=lambda x: x[0])
    request['querystring'] = urlencode(sortedParams)
    return request
