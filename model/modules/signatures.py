"""Signatures: does the message match a known attack that comes in many copies?"""

import threading
from functools import cache
from importlib.resources import files
from typing import Any

import yara_x

from model.contract import ModuleContext, Opinion, Reason
from model.message.facts import Facts
from model.modules.own_rules import said
from model.modules.reading import GLOBALS, known, rendering

ACTS_FROM = 0.8
SECONDS = 2  # for one scan; YARA-X counts whole seconds
_scanners = threading.local()  # one each: a scanner must not be shared between threads


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """The weight of the heaviest rule that matches, shipped or own; one that is hard may decide by itself."""
    read, names = rendering(facts), known(facts)
    own = said(context.own_rules, read, names)
    try:
        found = _shipped(read, names)
        reasons = tuple(Reason(f"signature-{meta['code']}") for meta in found)
    except yara_x.TimeoutError:
        found, reasons = [], (Reason("signatures-stopped"),)

    score = max(own.score, *(float(meta["weight"]) for meta in found), 0.0)
    return Opinion(
        "signatures",
        score,
        max(0.0, ACTS_FROM - score),
        hard=own.hard or any(meta.get("hard", False) for meta in found),
        reasons=(*own.reasons, *reasons),
        review=own.review,
    )


def _shipped(read: bytes, names: dict[str, int | bool]) -> list[dict[str, Any]]:
    """What the shipped rules that match say of themselves, the heaviest first. Raises yara_x.TimeoutError."""
    scanner = _scanner()
    for name, value in names.items():
        scanner.set_global(name, value)
    matches = scanner.scan(read).matching_rules
    return sorted((dict(rule.metadata) for rule in matches), key=lambda meta: -meta["weight"])


@cache
def rules() -> yara_x.Rules:
    """The shipped rules, compiled once."""
    compiler = yara_x.Compiler(error_on_slow_pattern=True, includes_enabled=False)
    for name, value in GLOBALS.items():
        compiler.define_global(name, value)
    for source in sorted(files("model.modules").joinpath("rules").iterdir(), key=lambda path: path.name):
        if source.name.endswith(".yar"):
            compiler.add_source(source.read_text(encoding="utf-8"), origin=source.name)
    return compiler.build()


def _scanner() -> yara_x.Scanner:
    if not hasattr(_scanners, "mine"):
        _scanners.mine = yara_x.Scanner(rules())
        _scanners.mine.set_timeout(SECONDS)
    scanner: yara_x.Scanner = _scanners.mine
    return scanner
