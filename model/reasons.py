"""Reasons: what does each reason code say, and when is it known to be wrong?"""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _entries() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("model").joinpath("reasons.toml").read_text(encoding="utf-8"))


def codes() -> tuple[str, ...]:
    """Every code that has an entry, in the order of `reasons.toml`."""
    return tuple(_entries())


def sentence(code: str) -> str:
    """The sentence for a code; the code itself when an older or newer version wrote it."""
    return _entries().get(code, {}).get("sentence", code)


def false_positives(code: str) -> str:
    """Where the reason is known to be wrong; empty for a code without an entry."""
    return _entries().get(code, {}).get("false_positives", "")
