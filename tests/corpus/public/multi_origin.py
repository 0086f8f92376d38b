import re

TENANTS = {
    'alpha': ('alpha-origin.example.com', '/live'),
    'beta': ('beta-origin.example.com', ''),
}
HOST = re.compile(r'^(?P<tenant>[a-z]+)\.shop\.example\.net$')


def handler(event, context):
    request = event['Records'][0]['cf']['request']
    match = HOST.match(request['headers']['x-original-host'][0]['value'])
    if not match or match['tenant'] not in TENANTS:
        return {'status': '421', 'statusDescription': 'Misdirected Request'}
    domain, path = TENANTS[match['tenant']]
    request['origin']['custom'].update(domainName=domain, path=path, port=8443, protocol='https', readTimeout=10)
    request['headers']['host'] = [{'key': 'Host', 'value': domain}]
    return request


def remember_host(event, context):
    request = event['Records'][0]['cf']['request']
    request['headers']['x-original-host'] = [{'key': 'X-Original-Host', 'value': request['headers']['host'][0]['value']}]
    return request
