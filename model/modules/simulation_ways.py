"""Simulation ways: what is missing before a mail counts as an exercise, in each of the three ways it could?"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto

from model.contract import ModuleContext
from model.message.facts import Facts
from model.modules.simulations import SIGNED, Exercise, believed, by_signature, by_token, by_vendor, vendors


class Missing(StrEnum):
    """The first thing that speaks against it."""

    NO_HEADER = auto()
    NO_KEY = auto()
    NOT_SIGNED = auto()
    WRONG_SIGNATURE = auto()
    NO_TOKEN = auto()
    OTHER_TOKEN = auto()
    NO_MARKER = auto()
    NOT_CHOSEN = auto()
    NO_GATEWAY = auto()
    SEVERAL_SENDERS = auto()
    NOT_ALIGNED = auto()
    NOT_LISTED = auto()


@dataclass(frozen=True)
class Way:
    """`signature`, `token` or `marker`, with the exercise that it finds, or what is missing."""

    name: str
    exercise: Exercise | None = None
    missing: Missing | None = None


def ways(facts: Facts, context: ModuleContext) -> tuple[Way, ...]:
    """All three, in the order in which they count. The first that finds an exercise is what `recognised` finds."""
    return (
        _way("signature", by_signature, _without_signature, facts, context),
        _way("token", by_token, _without_token, facts, context),
        _way("marker", by_vendor, _without_marker, facts, context),
    )


def markers(facts: Facts) -> tuple[str, ...]:
    """The services whose markers the mail has, whether they are believed or not."""
    there = {name.lower() for name in facts.header_names}
    return tuple(name for name, headers in vendors().items() if there & headers)


def _way(
    name: str,
    found: Callable[[Facts, ModuleContext], Exercise | None],
    missing: Callable[[Facts, ModuleContext], Missing],
    facts: Facts,
    context: ModuleContext,
) -> Way:
    exercise = found(facts, context)
    return Way(name, exercise) if exercise else Way(name, missing=missing(facts, context))


def _without_signature(facts: Facts, context: ModuleContext) -> Missing:
    if not facts.simulation_tokens:
        return Missing.NO_HEADER
    if not any(SIGNED.fullmatch(value.strip()) for value in facts.simulation_tokens):
        return Missing.NOT_SIGNED
    return Missing.WRONG_SIGNATURE if context.simulation_keys else Missing.NO_KEY


def _without_token(facts: Facts, context: ModuleContext) -> Missing:
    if not facts.simulation_tokens:
        return Missing.NO_HEADER
    return Missing.OTHER_TOKEN if context.simulation_tokens else Missing.NO_TOKEN


def _without_marker(facts: Facts, context: ModuleContext) -> Missing:
    there = {name.lower() for name in facts.header_names}
    if not any(there & headers for _, headers in believed(context)):
        return Missing.NOT_CHOSEN if markers(facts) else Missing.NO_MARKER
    if not facts.authentication.authserv_id:
        return Missing.NO_GATEWAY
    if len(facts.from_) != 1:
        return Missing.SEVERAL_SENDERS
    return Missing.NOT_LISTED if facts.authentication.aligned else Missing.NOT_ALIGNED
