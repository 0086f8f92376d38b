PATHS = {
    'cloudfront-is-desktop-viewer': '/desktop',
    'cloudfront-is-mobile-viewer': '/mobile',
    'cloudfront-is-tablet-viewer': '/tablet',
    'cloudfront-is-smarttv-viewer': '/smarttv',
}


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    headers = request['headers']

    for name, path in PATHS.items():
        viewer = headers.get(name)
        if viewer and viewer[0]['value'] == 'true':
            request['uri'] = path + request['uri']
            break

    print("Request uri set to %s" % request['uri'])
    return request
