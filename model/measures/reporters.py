"""Reporters: what do people add at the shipped threshold, and what can those who lie do?"""

from typing import Any

from model.lift import MAX_LIFT
from model.measures.answers import asked_share, rounded
from model.measures.scored import Scored
from model.reporter import Reporter, combined_value, reporter_value, total_value, weights

NEWCOMER, PERFECT = reporter_value(0, 0), reporter_value(20, 20)
WHO = {"nobody": 0.0, "newcomer": NEWCOMER, "perfect": PERFECT}
RECORDS = (("nobody", None), ("newcomer", (0, 0)), ("3 of 5", (3, 5)), ("8 of 10", (8, 10)), ("20 of 20", (20, 20)))
RING = 20
TOGETHER = 2
LIES = (0, 1, 2, 5, 10)


def at_threshold(scored: Scored) -> dict[str, Any]:
    """Shares with a margin of at least zero, had nobody, a newcomer or a perfect reporter reported every message."""
    return {who: _shares(scored, value) for who, value in WHO.items()}


def ablation(scored: Scored) -> list[dict[str, Any]]:
    """The same for records from none to perfect: what the neuron catches, and what it costs."""
    return [
        {
            "reporter": name,
            "value": rounded(reporter_value(*record) if record else 0.0),
            **_shares(scored, reporter_value(*record) if record else 0.0),
        }
        for name, record in RECORDS
    ]


def liars(scored: Scored) -> list[dict[str, Any]]:
    """False retractions when each of these reports every legitimate message as phish."""
    groups = {
        "one newcomer": NEWCOMER,
        "one with 20 of 20 right, who now lies": PERFECT,
        f"a ring of {RING} newcomers": combined_value([NEWCOMER] * RING),
        f"a ring of {RING} with 20 of 20 right": combined_value([PERFECT] * RING),
        f"the same ring, after {TOGETHER} lies in common were judged": _caught_ring(),
    }
    margins = scored.margins()
    return [
        *({"who": who, "value": rounded(value), **_wrong(scored, value)} for who, value in groups.items()),
        {
            "who": "anybody, by construction",
            "value": None,
            "legitimate": asked_share(margins >= -MAX_LIFT, scored.legitimate, "legitimate mail"),
        },
    ]


def _caught_ring() -> float:
    value = reporter_value(20, 20 + TOGETHER)
    ring = [Reporter(person, value, frozenset(range(TOGETHER))) for person in range(RING)]
    return total_value([value] * RING, weights(ring))


def spent_trust(scored: Scored) -> list[dict[str, Any]]:
    """One with 20 of 20 right who lies: false retractions after some of the lies have been judged."""
    values = {lies: reporter_value(20, 20 + lies) for lies in LIES}
    return [{"judged_lies": lies, "value": rounded(value), **_wrong(scored, value)} for lies, value in values.items()]


def _shares(scored: Scored, value: float) -> dict[str, Any]:
    acted = scored.margins(value) >= 0
    return {
        "malicious": asked_share(acted, scored.malicious, "malicious mail"),
        "legitimate": asked_share(acted, scored.legitimate, "legitimate mail"),
        "spam": asked_share(acted, scored.spam, "spam"),
    }


def _wrong(scored: Scored, value: float) -> dict[str, Any]:
    return {"legitimate": asked_share(scored.margins(value) >= 0, scored.legitimate, "legitimate mail")}
