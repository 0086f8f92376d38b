"""Which line of the user's code an error points to."""

from __future__ import annotations

import pytest

from edgesim.runtimes.places import place_in_stack, place_told
from edgesim.values.place import NOWHERE, Place

NODE = (
    "TypeError: Cannot read properties of undefined (reading 'here')",
    "    at parse (/user/code/node_modules/lib/index.js:8:1)",
    "    at helper (/user/code/src/auth.js:5:39)",
    "    at exports.handler (/user/code/auth.js:3:10)",
    "    at handleClassic (/var/runtime/index.mjs:523:34)",
)
PYTHON = (
    '  File "/user/code/app.py", line 3, in handler\n    helper(1)\n',
    '  File "/user/code/lib/help.py", line 9, in helper\n    parse()\n',
    '  File "/usr/lib/python3.13/json/__init__.py", line 346, in loads\n',
)


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (NODE, Place("/user/code/src/auth.js", 5)),
        (NODE[:2], Place("/user/code/node_modules/lib/index.js", 8)),
        (("    at file:///user/code/auth.mjs:2:7",), Place("/user/code/auth.mjs", 2)),
        (("    at async Runtime.handler (file:///user/code/auth.mjs:4:7)",), Place("/user/code/auth.mjs", 4)),
        (PYTHON, Place("/user/code/lib/help.py", 9)),
        (PYTHON[2:], NOWHERE),
        (("    at handler (/user/coder/auth.js:1:1)",), NOWHERE),
        ((), NOWHERE),
    ],
    ids=["Node.js", "a package alone", "a module's top", "a module", "Python", "elsewhere", "a namesake", "no stack"],
)
def test_a_stack_points_to_the_innermost_line_of_the_users_own(stack, place):
    assert place_in_stack(stack, "/user/code") == place


@pytest.mark.parametrize(
    ("told", "place"),
    [(["/a.py", 3], Place("/a.py", 3)), (["/a.py", None], Place("/a.py")), (None, NOWHERE), (["/a.py", "3"], NOWHERE)],
)
def test_what_a_bootstrap_tells(told, place):
    assert place_told(told) == place


def test_a_place_is_written_as_editors_take_it():
    assert [str(one) for one in (Place("a.py", 3), Place("a.py"), NOWHERE)] == ["a.py:3", "a.py", ""]
    assert not NOWHERE
