"""Mistakes that a failure does not speak of."""

from __future__ import annotations

import pytest

from edgesim.distribution.model import Code
from edgesim.runtimes.hints import hint, is_cloudfront_function
from edgesim.testing.make import a_function


@pytest.mark.parametrize(
    "text",
    [
        "function handler(event) { var request = event.request; return request; }",
        "async function handler(e) { return e.response }",
        "const handler = async (event) => { const { request } = event; return request }",
        "var handler = function (ev) { return ev.viewer.ip }",
        "import cf from 'cloudfront'; const kvs = cf.kvs()",
    ],
)
def test_a_cloudfront_function_is_known_by_its_event(text):
    assert is_cloudfront_function(text)


@pytest.mark.parametrize(
    "text",
    [
        "exports.handler = async (event) => event.Records[0].cf.request",
        "exports.handler = async (event) => { const { request } = event.Records[0].cf; return request }",
        "exports.handler = async (event) => { const cf = unwrap(event); return cf.request }",
        "exports.handler = async (event) => { const { request } = event.first; return request }",
        "",
    ],
)
def test_others_are_not(text):
    assert not is_cloudfront_function(text)


def test_only_a_node_function_can_be_one(tmp_path):
    (tmp_path / "index.mjs").write_text("function handler(event) { return event.request }")
    function = a_function(code=Code(path=str(tmp_path)))
    assert hint("index.handler is undefined or not exported", tmp_path, function).startswith("this is a CloudFront Fun")
    python = a_function(code=Code(path=str(tmp_path)), runtime="python3.13")
    assert hint("'Records'", tmp_path, python) == ""


def test_of_a_module_that_is_not_there_nothing_is_said(tmp_path):
    assert hint("Cannot find module 'index'", tmp_path, a_function()) == ""
