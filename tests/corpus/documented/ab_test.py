import json
import random

CONTROL = ('X-Experiment-Name=A', '/experiment-group/control-pixel.jpg')
TREATMENT = ('X-Experiment-Name=B', '/experiment-group/treatment-pixel.jpg')


def lambda_handler(event, context):
    request = event['Records'][0]['cf']['request']
    headers = request['headers']

    if request['uri'] != '/experiment-pixel.jpg':
        return request

    uri = None
    for cookie in headers.get('cookie', []):
        for mark, path in (CONTROL, TREATMENT):
            if mark in cookie['value']:
                uri = path
                break
        if uri:
            break
    if not uri:
        print("Experiment cookie has not been found. Throwing dice...")
        uri = CONTROL[1] if random.random() < 0.75 else TREATMENT[1]

    request['uri'] = uri
    print(f"Request uri set to {request['uri']}")
    return request
