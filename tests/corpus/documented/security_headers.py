SECURITY_HEADERS = {
    'Strict-Transport-Security': 'max-age=63072000; includeSubdomains; preload',
    'Content-Security-Policy': "default-src 'none'; img-src 'self'; object-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
}


def lambda_handler(event, context):
    response = event['Records'][0]['cf']['response']
    for key, value in SECURITY_HEADERS.items():
        response['headers'][key.lower()] = [{'key': key, 'value': value}]
    return response
