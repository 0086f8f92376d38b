"""A package with relative imports, a class for a handler, a decorator with functools.wraps and a lambda expression."""
from __future__ import annotations

import functools
import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any, Callable

from . import rules
from .lib.headers import Headers

Handler = Callable[[dict, Any], dict]


def edge_request(function: Callable) -> Handler:
    @functools.wraps(type(function).__call__)
    def wrapper(event: dict, context: Any) -> dict:
        cf = event['Records'][0]['cf']
        return function(cf['request'], Headers(cf['request']['headers']), context)

    return wrapper


@dataclass
class Response:
    status: str
    body: str = ''
    headers: dict = field(default_factory=dict)
    statusDescription: str = 'OK'


class App:
    def __init__(self) -> None:
        with open(os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'edge', 'rules.json')) as file:
            self.redirects = json.load(file)

    def __call__(self, request: dict, headers: Headers, context: Any) -> dict:
        if target := self.redirects.get(request['uri']):
            return asdict(Response('301', headers={'location': [{'key': 'Location', 'value': target}]}))
        if rules.is_hidden(request['uri']):
            return asdict(Response(status='404', body='nothing here', statusDescription='Not Found'))
        headers['X-Function'] = context.function_name
        return request


handler = edge_request(App())
normalise = lambda event, context: event['Records'][0]['cf']['request'] | {'uri': event['Records'][0]['cf']['request']['uri'].lower()}
