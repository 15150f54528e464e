"""Filters: what may a list of messages be narrowed to? The same for the queue and for a search."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.domain.submission import Identity, Kind, SubmittedAs
from backend.domain.triage import Triage
from backend.errors import BadInput


class Order(StrEnum):
    """What stands on top."""

    HARM = "harm"  # expected harm: backend.domain.harm
    NEWEST = "newest"  # the last first reported


@dataclass(frozen=True)
class Filters:
    """What to show. Everything set must hold; nothing set shows every message of the tenant.

    `after` is the first day, `before` the day after the last, both of the first report. `review` is what waits for a
    person, `state` the state of the last retraction, `psr` whether PSR retracted it, `pdr` that Post Delivery Response
    took copies which came later, `reporter` a name or an address.
    `query` is what was typed: words, "phrases", field:value, keywords (backend.store.query).
    """

    review: bool | None = None
    status: Triage | None = None
    disposition: Disposition | None = None
    kind: Kind | None = None
    identity: Identity | None = None
    submitted_as: SubmittedAs | None = None
    state: RetractionState | None = None
    psr: bool | None = None
    pdr: bool | None = None
    reporter: str = ""
    after: date | None = None
    before: date | None = None
    campaign: int | None = None
    query: str = ""

    def as_text(self) -> dict[str, str]:
        """What is set, as an address or a saved view keeps it; `read` reads it back."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _written(value) for name, value in given.items() if value not in (None, "")}

    def narrowed(self, **more: Any) -> "Filters":
        """These and more. Raises BadInput when something is set to two values at once."""
        for name, value in more.items():
            held = getattr(self, name)
            if held not in (None, "") and held != value:
                raise BadInput(
                    "%(field)s cannot be both “%(one)s” and “%(other)s”.",
                    field=name,
                    one=_written(held),
                    other=_written(value),
                )
        return replace(self, **more)


CHOICES: dict[str, type[StrEnum]] = {
    "status": Triage,
    "disposition": Disposition,
    "kind": Kind,
    "identity": Identity,
    "submitted_as": SubmittedAs,
    "state": RetractionState,
}
ALIASES = {"CLEAN": "NONE", "UCE": "SPAM", "MALICIOUS-BEC": "MALICIOUS"}  # other products' names of dispositions
LONGEST = 500
HIGHEST_ID = 2**31 - 1


def read(given: Mapping[str, str]) -> Filters:
    """Filters from an address or a saved view; names it does not know are somebody else's. Raises BadInput."""
    said = {field.name: given.get(field.name, "").strip() for field in fields(Filters)}
    return Filters(**{name: read_value(name, value) for name, value in said.items() if value})


def read_value(name: str, value: str) -> Any:
    """One value as its field holds it. Raises BadInput with what would have been possible."""
    if name in CHOICES:
        return _choice(name, value)
    if name in ("after", "before"):
        return _day(name, value)
    if name in ("review", "psr"):
        return _yes(name, value)
    if name == "pdr":
        return _only_yes(name, value)
    if name == "campaign":
        return _number(name, value)
    return value[:LONGEST]


def _choice(name: str, value: str) -> StrEnum:
    offered = {str(choice).casefold(): choice for choice in CHOICES[name]}
    chosen = offered.get(ALIASES.get(value.upper(), value).casefold())
    if chosen is None:
        raise BadInput(
            "“%(value)s” is no %(field)s. Choose one of %(offered)s.",
            value=value[:40],
            field=name,
            offered=", ".join(offered),
        )
    return chosen


def _day(name: str, value: str) -> date:
    try:
        if len(value) != len("2026-01-31"):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise BadInput("“%(value)s” is no date. Write %(field)s:2026-01-31.", value=value[:40], field=name) from None


def _yes(name: str, value: str) -> bool:
    if value.casefold() not in ("yes", "no", "true", "false"):
        raise BadInput("“%(value)s” is no answer. Write %(field)s:yes or %(field)s:no.", value=value[:40], field=name)
    return value.casefold() in ("yes", "true")


def _only_yes(name: str, value: str) -> bool:
    """What the index marks where it is so, and nowhere else."""
    if not _yes(name, value):
        raise BadInput("Only %(field)s:yes can be looked for.", field=name)
    return True


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 11 and 0 < int(value) <= HIGHEST_ID):
        raise BadInput("“%(value)s” is no number of a %(field)s.", value=value[:40], field=name)
    return int(value)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
