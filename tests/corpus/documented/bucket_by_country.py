COUNTRY_TO_REGION = {'DE': 'eu-central-1', 'IE': 'eu-west-1', 'GB': 'eu-west-2', 'FR': 'eu-west-3', 'JP': 'ap-northeast-1'}


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    viewerCountry = request['headers'].get('cloudfront-viewer-country')
    if viewerCountry:
        region = COUNTRY_TO_REGION.get(viewerCountry[0]['value'])
        if region:
            request['origin']['s3']['region'] = region
            domainName = 'my-bucket-in-{0}.s3.{0}.amazonaws.com'.format(region)
            request['origin']['s3']['domainName'] = domainName
            request['headers']['host'] = [{'key': 'host', 'value': domainName}]
    return request
