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


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        ("Cannot find module 'jsonwebtoken'\nRequire stack:\n- /var/task/index.js", "npm install jsonwebtoken,"),
        ("Cannot find package '@hapi/iron' imported from /var/task/index.mjs", "npm install @hapi/iron,"),
        ("Cannot find module 'lodash/fp/merge'", "npm install lodash,"),
        ("Unable to import module 'app': No module named 'jwt'", "pip install --target . jwt,"),
        ("No module named 'google.auth'", "pip install --target . google,"),
    ],
)
def test_a_package_that_is_missing_has_a_way_out(said, way_out, tmp_path):
    assert way_out in hint(said, tmp_path, a_function(code=Code(path=str(tmp_path))))


@pytest.mark.parametrize(
    "said",
    [
        "Cannot find module './helper'",
        "Cannot find module '/var/task/lib/x.js' imported from /var/task/index.mjs",
        "Cannot find module 'index'",
    ],
)
def test_a_file_of_ones_own_that_is_missing_is_no_package(said, tmp_path):
    assert hint(said, tmp_path, a_function(code=Code(path=str(tmp_path)))) == ""


def test_a_package_above_the_code_is_none_of_the_functions(tmp_path):
    """Where a project has one node_modules for all, every import works at home and none at the edge."""
    code = tmp_path / "functions" / "auth"
    for folder in (tmp_path / "node_modules" / "lodash", tmp_path / "node_modules" / "@hapi" / "iron", code):
        folder.mkdir(parents=True)
    (code / "index.js").touch()
    for package in ("lodash", "@hapi/iron"):
        (tmp_path / "node_modules" / package / "package.json").write_text("{}")
    for path in (code, code / "index.js"):
        function = a_function(code=Code(path=str(path)))
        for package in ("lodash", "@hapi/iron"):
            said = hint(f"Cannot find module '{package}/sub'", tmp_path, function)
            assert said.startswith(f"{tmp_path / 'node_modules'} has {package}, and is not in the function's package")
        assert "has to bring jose along" in hint("Cannot find module 'jose'", tmp_path, function)
