from urllib.parse import parse_qs, urlencode


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    params = {k: v[0] for k, v in parse_qs(request['querystring']).items()}

    headerName = 'Auth-Header'
    request['headers'][headerName.lower()] = [{'key': headerName, 'value': params['auth']}]
    del params['auth']
    request['querystring'] = urlencode(params)
    return request
