"""Filters: the few forms of `$filter` that Unhook uses; anything else is refused, as Graph does."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TERM = re.compile(r"(?P<field>[A-Za-z/]+) (?P<op>eq|ge|le) (?:'(?P<text>(?:[^']|'')*)'|(?P<time>\d{4}-[\dT:-]+Z))")
_USER = re.compile(r"mail eq '((?:[^']|'')*)' or proxyAddresses/any\(a:a eq 'smtp:((?:[^']|'')*)'\)")
_EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=((?:id eq '[^']*'(?: or )?)+)\)")
Fields = Mapping[str, Any]


class BadFilter(Exception):
    """The answer is 400."""


def terms(text: str) -> list[tuple[str, str, str]]:
    """(field, operator, value) of each; they all must hold."""
    found, at = [], 0
    while True:
        match = _TERM.match(text, at)
        if match is None:
            raise BadFilter(text[at : at + 40])
        value = match["time"] if match["text"] is None else match["text"].replace("''", "'")
        found.append((match["field"], match["op"], value))
        at = match.end()
        if at == len(text):
            return found
        if not text.startswith(" and ", at):
            raise BadFilter(text[at : at + 40])
        at += len(" and ")


def predicate(text: str, allowed: Mapping[str, str]) -> Callable[[Fields], bool]:
    """Whether an item fits; `allowed` says by which attribute each field is known."""
    wanted = [(allowed.get(name), op, value) for name, op, value in terms(text)] if text else []
    if any(name is None for name, _, _ in wanted):
        raise BadFilter("a property that cannot be filtered by")

    def fits(item: Fields) -> bool:
        return all(_holds(str(item[name or ""]), op, value) for name, op, value in wanted)

    return fits


def _holds(had: str, op: str, value: str) -> bool:
    if op == "eq":
        return had.casefold() == value.casefold()
    return had >= value if op == "ge" else had <= value


def users_with(text: str) -> str:
    """The address that a directory filter asks for."""
    match = _USER.fullmatch(text)
    if match is None or match[1] != match[2]:
        raise BadFilter(text[:40])
    return match[1].replace("''", "'").casefold()


def expanded(text: str) -> list[str]:
    """The ids of extended properties that are asked for."""
    if not text:
        return []
    match = _EXPAND.fullmatch(text)
    if match is None:
        raise BadFilter(text[:40])
    return re.findall(r"id eq '([^']*)'", match[1])
