def lambda_handler(event, context):
    response = event['Records'][0]['cf']['response']
    request = event['Records'][0]['cf']['request']

    if int(response['status']) >= 400 and int(response['status']) <= 599:
        redirect_path = '/plan-b/path?%s' % request['querystring']
        response['status'] = 302
        response['statusDescription'] = 'Found'
        response['body'] = ''
        response['headers']['location'] = [{'key': 'Location', 'value': redirect_path}]
    return response
