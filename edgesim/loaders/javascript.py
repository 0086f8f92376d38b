"""Which names a JavaScript module exports, as far as its text tells for certain.

Rule 1: nothing is said of a module that may export by a way that is not understood here: bundles, re-exports, computed
        names, `module` or `exports` handed on. So what is found is all that there is, and perhaps more.
Rule 2: the text is taken apart into tokens and not parsed. Where a slash may divide or begin a regular expression,
        nothing is said of the module either.
Source: ECMA-262, ExportDeclaration and the lexical grammar; Node.js, "Modules: CommonJS modules".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_CHARACTERS = 1 << 17
"""Longer modules are made by machines, and are not looked into."""


class Token(NamedTuple):
    """`kind` is word, string (its contents), template, regex or sign. `end` is where the bracket that it opens is
    closed, by its place in the list of tokens; 0 for all others."""

    kind: str
    text: str
    end: int = 0


class _UnclearError(Exception):
    """Other ways to export may be there."""


def exported_names(text: str, wanted: str, *, takes_defaults: bool) -> frozenset[str] | None:
    """The names that a module exports; None where they can't be told. `wanted` is the one that matters.
    `takes_defaults`: the properties of a default export count as names, as with nodejs24.x."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        module = _Module(_tokens(text))
        names = frozenset(module.es_exports() if module.is_es else module.commonjs_exports(wanted))
    except _UnclearError:
        return None
    is_unclear = any("\\" in name for name in names) or (takes_defaults and "default" in names)
    return None if is_unclear else names


# ── tokens ───────────────────────────────────────────────────────────────────

_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+|//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/)
    |(?P<string>'(?:[^'\\\n\r]|\\[\s\S])*'|"(?:[^"\\\n\r]|\\[\s\S])*")
    |(?P<word>\d[\w.]*|[\w$]+)
    |(?P<sign>=>|\.\.\.|\?\.|[=!]==?|&&|\+\+|--|[^'"`\\/])""",
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+/\w*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?P<end>`|\$\{)")
_MORE_ON_THE_LINE = re.compile(r"[^/\n]*/")
_BEFORE_A_VALUE = frozenset(
    ["return", "typeof", "case", "do", "else", "in", "instanceof", "new", "void", "delete", "throw"]
)
_MAY_BE_NAMES = frozenset({"yield", "await", "of"})
_CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}"}


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    opened: list[int] = []
    for token in _read(text, opened, found):
        if token.text in _CLOSING and token.kind == "sign":
            opened.append(len(found))
        elif token.kind == "sign" and token.text in ")]}":
            start = opened.pop() if opened else -1
            if start < 0 or _CLOSING[found[start].text] != token.text:
                raise _UnclearError
            found[start] = found[start]._replace(end=len(found))
        found.append(token)
    if opened:
        raise _UnclearError
    return found


def _read(text: str, opened: list[int], found: list[Token]) -> Iterator[Token]:
    """The tokens; `found` are those that have been taken, `opened` the brackets among them that are open."""
    at = len(text.partition("\n")[0]) if text.startswith("#!") else 0
    while at < len(text):
        if text[at] == "`" or (text[at] == "}" and opened and found[opened[-1]].text == "${"):
            if text[at] == "}":
                yield Token("sign", "}")
            at, ends = _template(text, at + 1)
            yield Token("template", "")
            if not ends:
                yield Token("sign", "${")
        elif (part := _TOKEN.match(text, at)) is not None:
            at, kind = part.end(), str(part.lastgroup)
            if kind != "space":
                yield Token(kind, part[0][1:-1] if kind == "string" else part[0])
        elif text[at] == "/" and not _divides(found, text, at):
            at = _end(_REGEX.match(text, at))
            yield Token("regex", "")
        elif text[at] == "/":
            at += 1
            yield Token("sign", "/")
        else:
            raise _UnclearError


def _template(text: str, at: int) -> tuple[int, bool]:
    """Where a part of a template that begins here ends, and whether the whole of it does."""
    part = _TEMPLATE.match(text, at)
    return _end(part), part is not None and part["end"] == "`"


def _end(part: re.Match[str] | None) -> int:
    if part is None:
        raise _UnclearError
    return part.end()


def _divides(found: list[Token], text: str, at: int) -> bool:
    """Is a slash a sign of division?"""
    last = found[-1] if found else Token("sign", ";")
    if last.kind == "word" and last.text not in _MAY_BE_NAMES:
        return last.text not in _BEFORE_A_VALUE or (len(found) > 1 and found[-2].text in (".", "?."))
    if last.kind in ("string", "template", "regex") or last.text == "]":
        return True
    if last.kind == "sign" and last.text not in (")", "}", "++", "--"):
        return False
    if _MORE_ON_THE_LINE.match(text, at + 1):
        raise _UnclearError
    return True


# ── exports ──────────────────────────────────────────────────────────────────

_NOTHING = Token("sign", "")
_OTHER_WAYS = frozenset({"eval", "arguments", "with"})
_OTHER_MODULES = frozenset({"main", "parent", "mainModule", ")", "]"})
_DECLARES = frozenset({"const", "let", "var"})


class _Module:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def _at(self, index: int) -> Token:
        return self._tokens[index] if 0 <= index < len(self._tokens) else _NOTHING

    def _signs(self, index: int, *texts: str) -> bool:
        """Do these signs and words stand here?"""
        return all(
            self._at(index + n).text == text and self._at(index + n).kind in ("sign", "word")
            for n, text in enumerate(texts)
        )

    def _is_property(self, index: int) -> bool:
        return self._at(index - 1).kind == "sign" and self._at(index - 1).text in (".", "?.", "#")

    def _words(self, *texts: str) -> Iterator[int]:
        """Where these words stand by themselves, and are no properties."""
        for index, token in enumerate(self._tokens):
            if token.kind == "word" and token.text in texts and not self._is_property(index):
                yield index

    # ── ES modules ───────────────────────────────────────────────────────────

    def _statements(self) -> list[int]:
        """Where `export` begins a statement, and is no key."""
        return [
            at for at in self._words("export") if self._at(at + 1).kind == "word" or self._at(at + 1).text in ("{", "*")
        ]

    @property
    def is_es(self) -> bool:
        """Does it have an export statement?"""
        return bool(self._statements())

    def es_exports(self) -> Iterator[str]:
        """What its export statements name."""
        for at in self._statements():
            after = self._at(at + 1)
            if after.text == "default":
                yield "default"
            elif after.text in _DECLARES:
                yield from self._declared(at + 2)
            elif after.text in ("function", "class", "async"):
                yield self._declared_name(at + 1)
            elif after.text == "{":
                yield from self._listed(at + 1)
            elif self._signs(at + 1, "*", "as"):
                yield self._at(at + 3).text
            else:
                raise _UnclearError

    def _declared_name(self, at: int) -> str:
        """Of `function f`, `async function* f` or `class C`, at its first word."""
        at += self._signs(at, "async")
        at += 1 + self._signs(at + 1, "*")
        if self._at(at).kind != "word":
            raise _UnclearError
        return self._at(at).text

    def _listed(self, at: int) -> Iterator[str]:
        """Every name within brackets."""
        for token in self._tokens[at : self._at(at).end]:
            if token.kind == "string" and token.text == "module.exports":  # Node.js: what require() of it gives
                raise _UnclearError
            if token.kind in ("word", "string"):
                yield token.text

    def _declared(self, at: int) -> Iterator[str]:
        """Of `a = 1, {b, c: d} = e`: every name that is declared, and those after commas of what follows."""
        is_target = True
        while at < len(self._tokens) and not self._signs(at, "export"):
            token = self._at(at)
            if token.end:
                yield from self._listed(at) if is_target else ()
                at = token.end
            elif is_target and token.kind == "word":
                yield token.text
            is_target = token.kind == "sign" and token.text == ","
            at += 1

    # ── CommonJS ─────────────────────────────────────────────────────────────

    def commonjs_exports(self, wanted: str) -> Iterator[str]:
        """What is assigned to `exports` and `module.exports`."""
        if list(self._words(*_OTHER_WAYS)) or any(self._is_other_module(at) for at in range(len(self._tokens))):
            raise _UnclearError
        for at in self._words("this"):
            if not self._signs(at + 1, "&&") and not (self._signs(at + 1, ".") and self._at(at + 2).text != wanted):
                raise _UnclearError
        own = [*self._words("exports", "module")]
        if not own and any(self._is_local_require(at) for at in self._words("require")):
            raise _UnclearError  # another module may export in this one's name
        for at in own:
            yield from self._of_module(at) if self._at(at).text == "module" else self._of_exports(at)

    def _is_other_module(self, at: int) -> bool:
        """Is it `require.main.exports` or the like?"""
        return self._signs(at, "exports") and self._is_property(at) and self._at(at - 2).text in _OTHER_MODULES

    def _is_local_require(self, at: int) -> bool:
        argument = self._at(at + 2)
        return not self._signs(at + 1, "(") or argument.kind != "string" or argument.text[:1] in ("./")

    def _of_module(self, at: int) -> Iterator[str]:
        if self._signs(at + 1, ".", "exports"):
            if self._signs(at + 3, "="):
                return self._assigned(at + 4)
            return self._of_exports(at + 2)
        if self._at(at - 1).text in ("==", "==="):  # require.main === module
            return iter(())
        raise _UnclearError

    def _of_exports(self, at: int) -> Iterator[str]:
        after = self._at(at + 2)
        is_dotted = self._signs(at + 1, ".") and after.kind == "word"
        is_in_brackets = self._signs(at + 1, "[") and after.kind == "string" and self._signs(at + 3, "]")
        is_defined = self._signs(at + 1, ",") and after.kind == "string" and self._is_defined(at)
        if is_dotted or is_in_brackets or is_defined:
            yield after.text
        elif not (self._signs(at + 1, "=") and self._at(at).text == "exports" and not self._is_property(at)):
            raise _UnclearError

    def _is_defined(self, at: int) -> bool:
        """Is it the first argument of Object.defineProperty, `exports` or `module.exports`?"""
        start = at - 2 if self._is_property(at) else at
        return self._signs(start - 2, "defineProperty", "(")

    def _assigned(self, at: int) -> Iterator[str]:
        """What module.exports has if this is assigned to it: an object literal, or a function that has no names."""
        value = self._at(at)
        if self._signs(at, "{"):
            if self._goes_on(value.end + 1):
                raise _UnclearError
            yield from self._keys(at)
        elif not self._is_function(at):
            raise _UnclearError

    def _goes_on(self, at: int) -> bool:
        """Is there more of an expression?"""
        after = self._at(at)
        return after.text in ("in", "instanceof") or not (after.kind == "word" or after.text in (";", "}", ""))

    def _is_function(self, at: int) -> bool:
        """An arrow function, or an async one: whether it is called or not, it has no exports."""
        if self._signs(at, "async", "function"):
            return True
        at += self._signs(at, "async")
        head = self._at(at)
        return (head.kind == "word" or head.text == "(") and self._signs((head.end or at) + 1, "=>")

    def _keys(self, at: int) -> Iterator[str]:
        """The keys of an object literal."""
        end, is_key = self._at(at).end, True
        at += 1
        while at < end:
            token = self._at(at)
            if is_key and (token.text in ("[", "...") and token.kind == "sign"):
                raise _UnclearError
            if is_key and token.kind in ("word", "string"):
                yield token.text
            is_modifier = is_key and (token.text == "*" or self._at(at + 1).kind in ("word", "string"))
            is_computed = is_key and token.kind == "word" and self._signs(at + 1, "[")
            if is_computed:
                raise _UnclearError
            is_key = is_modifier or (token.kind == "sign" and token.text == ",")
            at = (token.end or at) + 1
