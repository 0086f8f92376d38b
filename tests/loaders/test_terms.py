"""Sources on the user's terms, and the size of code."""

from __future__ import annotations

import json
import os
import textwrap
import zipfile
from pathlib import Path

import pytest

from edgesim.distribution.choices import Choices, HeaderKey
from edgesim.distribution.edge_limits import CODE
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import Code, Trigger
from edgesim.distribution.terms import Terms
from edgesim.loaders import Overrides, load, load_quick
from edgesim.loaders.code_size import zipped_size
from edgesim.loaders.terms import on_terms
from edgesim.testing.make import a_function
from tests.loaders.conftest import Load

ENOUGH = 1_048_576


def of(path: Path) -> int:
    return zipped_size(a_function(code=Code(str(path))), ENOUGH)


def test_a_distribution_carries_the_terms(tmp_path: Path) -> None:
    code = tmp_path / "auth.mjs"
    code.write_text("export const handler = async e => e\n")
    terms = Terms(Edition.OF_2023, Choices(header_key=HeaderKey.KEY))
    loaded = on_terms(load_quick("http://localhost:1", {Trigger.VIEWER_REQUEST: str(code)}), terms)
    (distribution,) = loaded.distributions
    assert distribution.terms is terms
    assert loaded.problems == ()


def test_code_that_is_too_large_for_a_viewer_trigger_of_2023_is_a_warning(tmp_path: Path) -> None:
    code = tmp_path / "auth.mjs"
    code.write_bytes(b"//" + os.urandom(ENOUGH).replace(b"\n", b" ") + b"\nexport const handler = async e => e\n")
    found = load_quick("http://localhost:1", {Trigger.VIEWER_REQUEST: str(code)})
    (problem,) = on_terms(found, Terms(Edition.OF_2023)).problems
    assert "Max allowed: 1048576" in problem.message
    assert on_terms(found, Terms()).problems == ()


def test_what_is_too_much_is_told_where_it_stands(distribution: Load, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "index.js").write_bytes(b"//" + os.urandom(ENOUGH).replace(b"\n", b" "))
    resources = """\
        Fn:
          Type: AWS::Lambda::Function
          Properties:
            FunctionName: fn
            Handler: index.handler
            Runtime: nodejs22.x
            Code: lib
            Timeout: 6
        V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
        """
    attached = "LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref V}]\n"
    found = on_terms(distribution(attached, resources=textwrap.dedent(resources)), Terms(Edition.OF_2023))
    assert [(problem.at, problem.line, problem.code) for problem in found.problems] == [
        ("Resources.Fn.Properties.Code", 8, CODE),
        ("Resources.Fn.Properties.Timeout", 9, CODE),
    ]


def test_of_a_function_that_nothing_declares_it_is_told_at_its_association(tmp_path: Path) -> None:
    code, source = tmp_path / "auth.mjs", tmp_path / "distribution.json"
    code.write_bytes(b"//" + os.urandom(ENOUGH).replace(b"\n", b" ") + b"\nexport const handler = async e => e\n")
    arn = "arn:aws:lambda:us-east-1:111122223333:function:auth:3"
    association = {"EventType": "viewer-request", "LambdaFunctionARN": arn}
    behavior = {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "LambdaFunctionAssociations": {"Quantity": 1, "Items": [association]},
    }
    origin = {"Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {"DefaultCacheBehavior": behavior, "Origins": {"Quantity": 1, "Items": [origin]}, "Enabled": True}
    source.write_text(json.dumps(config, indent=1))
    found = on_terms(load(source, Overrides(functions={"auth": str(code)})), Terms(Edition.OF_2023))
    [problem] = [one for one in found.problems if one.code == CODE]
    assert problem.file == str(source)
    assert "LambdaFunctionARN" in source.read_text().splitlines()[(problem.line or 0) - 1]


def test_a_zip_is_as_large_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.js", "x" * 3_000)
    assert of(path) == path.stat().st_size


def test_code_that_fits_as_it_is_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "index.js").write_text("x" * 3_000)
    (tmp_path / "lib" / "a.js").write_text("y" * 500)
    assert of(tmp_path) == 3_500


@pytest.mark.parametrize(("content", "fits"), [(b"x" * 3_000_000, True), (os.urandom(1_200_000), False)])
def test_code_that_does_not_is_counted_as_a_zip_would_have_it(tmp_path: Path, content: bytes, fits: bool) -> None:
    (tmp_path / "index.js").write_bytes(content)
    assert (of(tmp_path) <= ENOUGH) is fits


def test_code_that_is_gone_or_inline_has_its_size_too(tmp_path: Path) -> None:
    assert of(tmp_path / "gone.js") == 0
    assert zipped_size(a_function(code=Code(inline="abc")), ENOUGH) == 3
