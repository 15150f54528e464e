"""KQL: what `$search` finds, as far as Unhook uses it; anything else is refused."""

import re
from collections.abc import Callable

from microsoft.filters import BadFilter, Fields

_TERM = re.compile(r'subject:\\"(?P<word>\w+)\\"|received(?P<op>>=|<=)(?P<day>\d{4}-\d\d-\d\d)')
MOST = 1_000  # what Graph finds for one search


def predicate(text: str) -> Callable[[Fields], bool]:
    """Whether a message fits. Words are whole words of the subject, and times are days."""
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
        raise BadFilter("the clause must stand in double quotes")
    terms = [_TERM.fullmatch(term) for term in text[1:-1].split(" AND ")]
    if None in terms:
        raise BadFilter(text[:80])
    return lambda item: all(_holds(term, item) for term in terms if term)


def _holds(term: re.Match[str], item: Fields) -> bool:
    if term["word"]:
        return term["word"].casefold() in re.findall(r"\w+", str(item["subject"]).casefold())
    day = str(item["receivedDateTime"])[:10]
    return day >= term["day"] if term["op"] == ">=" else day <= term["day"]
