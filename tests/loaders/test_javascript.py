"""Which names a JavaScript module exports: those that are found, and where nothing is said."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.loaders.javascript import MOST_CHARACTERS, exported_names
from tests.npm import find_node


def names(text: str, *, takes_defaults: bool = False) -> frozenset[str] | None:
    return exported_names(text, "handler", takes_defaults=takes_defaults)


@pytest.mark.parametrize(
    "text",
    [
        "exports.handler = async (event) => event;",
        "exports['handler'] = f",
        "module.exports.handler = f",
        "module.exports['handler'] = f",
        "exports.other = exports.handler = void 0;",
        "module.exports = { handler };",
        "module.exports = { other: 1, handler: f }\nf()",
        "module.exports = { async handler(event) { return event } };",
        "module.exports = { get handler() { return f } };",
        "module.exports = { 'handler': f };",
        "module.exports = async () => {}; module.exports.handler = f;",
        "Object.defineProperty(exports, 'handler', { enumerable: true, get: function () { return f; } });",
        "Object.defineProperty(module.exports, 'handler', { value: f });",
        "export const handler = async (event) => event;",
        "export let other = [1, 2], handler = f;",
        "export const { handler, other: third } = make();",
        "export const [first, handler] = make();",
        "export function handler(event) { return event }",
        "export async function handler(event) { return event }",
        "export function* handler() {}",
        "export class handler {}",
        "const f = 1; export { f as handler };",
        "export { handler } from './lib.mjs';",
        "export { f as 'handler' };",
        "export * as handler from './lib.mjs';",
    ],
)
def test_a_name_is_exported(text: str) -> None:
    assert "handler" in (names(text) or ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "const handler = async (event) => event;",
        "exports.main = async function handler(event) { return event };",
        "module.exports = { main: handler };\nfunction handler() {}",
        "module.exports = async (event) => ({ handler: event });",
        "module.exports = event => event",
        "module.exports = async function handler(event) { return event }",
        "exports = { handler: f }",
        "// exports.handler = f",
        "/* module.exports = { handler } */ exports.main = f",
        "const text = 'exports.handler = f'; exports.main = text",
        "const text = `exports.handler = ${`${f}`}`; exports.main = text",
        "const found = /exports.handler[/]/.test(x); exports.main = found",
        "const half = (a + b) / 2\nexports.main = half",
        "const { handler } = require('./lib'); exports.main = handler",
        "instance.exports.handler(); exports.main = f",
        "class A { b() { return this.c } } exports.main = A",
        "var __awaiter = (this && this.__awaiter) || f; exports.main = f",
        "if (require.main === module) main(); exports.main = main",
        "const handler = f; export default handler;",
        "export const main = async (event, handler) => handler(event);",
        "export function main(handler) {}",
        "const f = 1; export { f as main };",
        "import { handler } from './lib.mjs'; export const main = handler;",
    ],
)
def test_a_name_is_not_exported(text: str) -> None:
    found = names(text)
    assert found is not None
    assert "handler" not in found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("module.exports = require('./lib');", id="a re-export"),
        pytest.param("module.exports = { ...require('./lib') };", id="a spread"),
        pytest.param("module.exports = { [name]: f };", id="a computed key"),
        pytest.param("module.exports = { async [name]() {} };", id="a computed method"),
        pytest.param("module.exports = { a: {} }.a;", id="a part of a literal"),
        pytest.param("module.exports = (function () { return { handler: 1 } })();", id="what a function gives"),
        pytest.param("module.exports = function () { return { handler: 1 } }();", id="what it gives, without brackets"),
        pytest.param("exports[name] = f", id="a computed name"),
        pytest.param("exports['h\\x61ndler'] = f", id="an escape in a name"),
        pytest.param("exports.h\\u0061ndler = f", id="an escape in a word"),
        pytest.param("const e = exports; e.handler = f", id="another name for exports"),
        pytest.param("const m = module; m.exports.handler = f", id="another name for module"),
        pytest.param("Object.assign(exports, { handler: f })", id="Object.assign"),
        pytest.param("(function (e) { e.handler = f })(this)", id="this is exports"),
        pytest.param("this.handler = f", id="a property of this"),
        pytest.param("arguments[0].handler = f", id="the wrapper's arguments"),
        pytest.param("eval('exports.handler = f')", id="eval"),
        pytest.param("require('./register')", id="a module that may do it"),
        pytest.param("require.main.exports.handler = f", id="by way of the main module"),
        pytest.param("require.cache[__filename].exports.handler = f", id="by way of the cache"),
        pytest.param("export * from './lib.mjs';", id="a star"),
        pytest.param("export { f as 'module.exports' };", id="what require gives"),
        pytest.param("(a) / exports.main / 2", id="a slash that may begin an expression"),
        pytest.param("exports.main = f; }", id="brackets that do not match"),
        pytest.param("exports.main = `", id="a template without an end"),
        pytest.param(
            "var __export = (t, all) => { for (var n in all) Object.defineProperty(t, n, { get: all[n] }) };\n"
            "var main_exports = {}; __export(main_exports, { handler: () => handler });\n"
            "module.exports = __toCommonJS(main_exports);",
            id="a bundle of esbuild",
        ),
        pytest.param("(()=>{var e={7:(e,t)=>{t.handler=1}};var r=e[7];module.exports=r})();", id="a bundle of webpack"),
        pytest.param("//" + "x" * MOST_CHARACTERS, id="a long one"),
    ],
)
def test_nothing_is_said(text: str) -> None:
    assert names(text) is None


def test_with_default_exports_that_count_nothing_is_said_of_a_module_with_one() -> None:
    for text in ("export default { handler: 1 };", "const f = 1; export { f as default };", "exports.default = f"):
        assert names(text, takes_defaults=True) is None
        assert names(text) == {"default"} or names(text) == {"f", "as", "default"}


PARTS = [
    "exports", "module", ".", "handler", "=", "{", "}", "(", ")", "[", "]", "`", "${", "/", "'a'", '"', "\n", "export",
    "const", "default", "*", "as", "async", "=>", ",", ";", "\\", "this", "//", "/*", "*/", "...",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS)).map(" ".join))
def test_whatever_the_text_there_is_an_answer(text: str) -> None:
    found = names(text)
    assert found is None or all(isinstance(name, str) for name in found)


NODE = """
const fs = require('node:fs');
const found = {};
for (const file of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  try { found[file] = Object.getOwnPropertyNames(require(file)); } catch { /* of another surroundings */ }
}
process.stdout.write(JSON.stringify(found));
"""


def test_of_real_modules_no_export_is_overlooked() -> None:
    """Those that come with npm."""
    found = find_node()
    root = subprocess.run([*found.npm, "root", "--global"], capture_output=True, check=True, text=True).stdout.strip()
    modules = Path(root) / "npm" / "node_modules"
    folders = ["semver", "minimatch", "tar", "lru-cache", "ssri", "yallist", "debug", "ms"]
    files = [
        str(file) for name in folders for file in sorted((modules / name).rglob("*.js")) if "bin" not in file.parts
    ]
    told = subprocess.run(
        [*found.node, "-e", NODE], input=json.dumps(files), capture_output=True, check=True, text=True
    )
    exported: dict[str, list[str]] = json.loads(told.stdout)
    of_functions = {"length", "name", "prototype", "arguments", "caller"}
    judged = 0
    for file, there in exported.items():
        said = names(Path(file).read_text())
        if said is not None:
            judged += 1
            assert set(there) - of_functions <= said, file
    assert judged > len(exported) / 4
