def lambda_handler(event, context):
    response = {
        'status': '302',
        'statusDescription': 'Found',
        'headers': {'location': [{'key': 'Location', 'value': 'https://docs.example.com/lambda-edge.html'}]},
    }
    return response
