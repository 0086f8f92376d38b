"""Header fields: an ordered multimap that remembers case and compares names without it.

Names and values are *wire text*: the bytes of the message decoded as ISO-8859-1, so every byte survives the way in
and out. `readable` and `wire` translate to and from what a person or a function sees (UTF-8 where it is valid).
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Field = tuple[str, str]


class Headers:
    """An immutable list of fields. Order, repetition and case are kept; look-ups ignore case."""

    __slots__ = ("_index", "_lines", "_raw", "fields")

    fields: tuple[Field, ...]

    def __init__(self, fields: Iterable[Field] = ()) -> None:
        self.fields = tuple(fields)
        self._index: dict[str, tuple[str, ...]] | None = None
        self._raw: list[tuple[bytes, bytes]] | None = None
        self._lines: dict[str, list[dict[str, str]]] | None = None

    @classmethod
    def from_raw(cls, raw: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Fields from bytes, as a server or client library gives them."""
        return cls([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The fields as bytes. Kept; do not change the list."""
        if self._raw is None:
            self._raw = _encoded(self.fields)
        return self._raw

    def encoded(self) -> Headers:
        """The same, with its bytes made now: for a head that will be sent again and again, with fields added."""
        if self._raw is None:
            self._raw = _encoded(self.fields)
        return self

    @property
    def size(self) -> int:
        """The bytes of all names and values."""
        return sum(map(len, chain.from_iterable(self.fields)))

    @property
    def index(self) -> dict[str, tuple[str, ...]]:
        """Lower-case name → its values in order. Kept; do not change the dict."""
        if self._index is None:
            index: dict[str, tuple[str, ...]] = {}
            for name, value in self.fields:
                lower = name.lower()
                index[lower] = (*index[lower], value) if lower in index else (value,)
            self._index = index
        return self._index

    @property
    def lines(self) -> dict[str, list[dict[str, str]]]:
        """Lower-case name → its fields in order, each as functions see it: the `key` as it is written, the `value` as
        people read it. Kept; do not change the dict, nor what is in it."""
        if self._lines is None:
            lines: dict[str, list[dict[str, str]]] = {}
            for name, value in self.fields:
                line = {"key": name, "value": value if value.isascii() else readable(value)}
                lower = name.lower()
                if lower in lines:
                    lines[lower].append(line)
                else:
                    lines[lower] = [line]
            self._lines = lines
        return self._lines

    def get(self, name: str) -> str | None:
        """The first value of a name, or None."""
        values = self.index.get(name.lower())
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, in order."""
        return self.index.get(name.lower(), ())

    def joined(self, name: str, separator: str = ", ") -> str | None:
        """All values of a name as one list value, or None where the name is absent."""
        values = self.index.get(name.lower())
        return separator.join(values) if values else None

    def having(self, name: str, value: str) -> Headers:
        """The same with exactly one field of that name: in the place of the first one, else at the end."""
        lower = name.lower()
        if lower not in self.index:
            return Headers((*self.fields, (name, value)))
        fields: list[Field] = []
        placed = False
        for field in self.fields:
            if field[0].lower() != lower:
                fields.append(field)
            elif not placed:
                fields.append((name, value))
                placed = True
        return Headers(fields)

    def adding(self, *fields: Field) -> Headers:
        """The same with these fields at the end, whatever was there. What is encoded already stays so."""
        more = Headers(self.fields + fields)
        if self._raw is not None:
            more._raw = self._raw + _encoded(fields)
        return more

    def but_last(self, number: int) -> Headers:
        """The same without so many fields at the end. What is encoded already stays so."""
        fewer = Headers(self.fields[:-number])
        if self._raw is not None:
            fewer._raw = self._raw[:-number]
        return fewer

    def followed_by(self, others: Headers) -> Headers:
        """The same with other fields at the end, none of whose names is here. What is known of both stays known."""
        more = Headers(self.fields + others.fields)
        more._index = {**self.index, **others.index}
        if self._raw is not None:
            more._raw = self._raw + others.raw
        return more

    def without(self, *names: str) -> Headers:
        """The same without any field of these names; itself where none was there."""
        gone = {name.lower() for name in names}
        if gone.isdisjoint(self.index):
            return self
        return Headers(field for field in self.fields if field[0].lower() not in gone)

    def only(self, keep: Callable[[str], bool]) -> Headers:
        """The fields whose lower-case name passes; itself where all do."""
        if all(map(keep, self.index)):
            return self
        return Headers(field for field in self.fields if keep(field[0].lower()))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self.index

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __eq__(self, other: object) -> bool:
        """Equal when names agree without case, and values and order agree exactly."""
        if not isinstance(other, Headers):
            return NotImplemented
        return [(n.lower(), v) for n, v in self.fields] == [(n.lower(), v) for n, v in other.fields]

    def __hash__(self) -> int:
        return hash(tuple((name.lower(), value) for name, value in self.fields))

    def __repr__(self) -> str:
        return f"Headers({', '.join(f'{name}: {value}' for name, value in self.fields)})"


def _encoded(fields: Iterable[Field]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


NO_HEADERS = Headers()


def list_items(values: Iterable[str]) -> list[str]:
    """The items of a comma-separated list header, over all its lines; empty items are dropped."""
    return [item for value in values for part in value.split(",") if (item := part.strip())]


def readable(wire_text: str) -> str:
    """Wire text as a function sees it: UTF-8 where the bytes are UTF-8, else ISO-8859-1.

    documented: edge-function-restrictions-all, encoding of URI, query string and header values
    """
    if wire_text.isascii():
        return wire_text
    try:
        return wire_text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return wire_text


def wire(text: str) -> str:
    """Text that a function or a user wrote, as it goes over the wire: UTF-8 bytes in ISO-8859-1 clothes."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")
