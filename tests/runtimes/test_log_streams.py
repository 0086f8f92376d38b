"""Where the lines of functions belong: a log group for each function, a stream for each environment."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow

READS_STREAM = """\
import os

def handler(event, context):
    if event.get("exit"):
        os._exit(1)
    return [context.log_group_name, context.log_stream_name, os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]]
"""


def streams_of(lab, name):
    """The stream of each invocation of a function, in order; a laboratory is for all tests of a module."""
    group = f"/aws/lambda/us-east-1.{name}"
    return [stream for stream, text in lab.streams if stream.group == group and text.startswith("START ")]


def test_every_line_goes_to_the_stream_that_the_function_itself_is_told(lab, expect_value):
    function = lab.python(READS_STREAM, name="auth", version="7")

    async def story():
        await lab.deploy(function)
        return await lab.call(function, region="eu-west-1")

    group, name, in_environment = expect_value(lab.run(story()))
    assert group == "/aws/lambda/us-east-1.auth"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", name)
    assert name == in_environment
    kept = [
        text for stream, text in lab.streams if (stream.region, stream.group, stream.name) == ("eu-west-1", group, name)
    ]
    assert [text.split(" ")[0] for text in kept] == ["INIT_START", "START", "END", "REPORT"]


def test_regions_and_environments_have_streams_of_their_own(lab):
    function = lab.python(READS_STREAM, name="everywhere")

    async def story():
        await lab.deploy(function)
        for region in ("eu-west-1", "eu-west-1", "sa-east-1"):
            await lab.call(function, region=region)

    lab.run(story())
    ran = streams_of(lab, "everywhere")
    assert ran[0] == ran[1]
    assert len({stream.name for stream in ran}) == 2
    assert {stream.region for stream in ran} == {"eu-west-1", "sa-east-1"}


def test_an_environment_that_starts_again_goes_on_in_its_stream(lab):
    function = lab.python(READS_STREAM, name="again")

    async def story():
        await lab.deploy(function)
        await lab.call(function, {"exit": True})
        await lab.call(function)

    lab.run(story())
    ran = streams_of(lab, "again")
    assert len(ran) == 2
    assert ran[0] == ran[1]


def test_what_is_kept_is_as_the_function_wrote_it(lab):
    function = lab.python("def handler(event, context):\n    print('read /var/task/data.json')\n", name="reader")

    async def story():
        await lab.deploy(function)
        await lab.call(function)

    lab.run(story())
    kept = [text for stream, text in lab.streams if stream.group == "/aws/lambda/us-east-1.reader"]
    assert "read /var/task/data.json" in [text.strip() for text in kept]
