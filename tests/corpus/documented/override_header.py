def lambda_handler(event, context):
    response = event['Records'][0]['cf']['response']
    headers = response['headers']

    source = 'X-Amz-Meta-Last-Modified'
    destination = 'Last-Modified'
    if headers.get(source.lower()):
        headers[destination.lower()] = [headers[source.lower()][0]]
        print(f'Response header "{destination}" was set to {headers[destination.lower()][0]["value"]}')
    return response
