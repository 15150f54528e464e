"""Own rules: what do the rules say that a tenant wrote itself? A broken or slow one costs its own word only."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import yara_x

from model.contract import OwnRule, Reason
from model.modules.reading import GLOBALS

LONGEST = 16_000  # characters of source
MOST_IN_ONE = 10  # rules of one source
SECONDS = 2  # for one scan; YARA-X counts whole seconds
STOPPED = (yara_x.TimeoutError, yara_x.ScanError)  # what a scan that has no answer raises
WEIGHTS = {"malicious": 1.0, "suspicious": 0.8, "note": 0.3}


class Fault(NamedTuple):
    """Why a source does not compile, and where."""

    line: int
    column: int
    message: str


class Said(NamedTuple):
    """What the tenant's rules say together."""

    score: float = 0.0
    hard: bool = False
    review: bool = False
    reasons: tuple[Reason, ...] = ()


def said(rules: tuple[OwnRule, ...], rendering: bytes, known: Mapping[str, int | bool]) -> Said:
    """The word of every rule that matches."""
    if not rules:
        return Said()
    try:
        matched = [rules[number] for number in matches(rules, rendering, known)]
    except STOPPED:
        return Said(reasons=(Reason("own-rules-stopped"),))
    kinds = {rule.says for rule in matched}
    return Said(
        max((WEIGHTS.get(kind, 0.0) for kind in kinds), default=0.0),
        "malicious" in kinds,
        "suspicious" in kinds,
        tuple(Reason("signature-own", f"{rule.name}: {rule.meaning}") for rule in matched),
    )


def matches(rules: tuple[OwnRule, ...], rendering: bytes, known: Mapping[str, int | bool]) -> list[int]:
    """Which of them match, by their place. Raises one of STOPPED."""
    scanner = yara_x.Scanner(_compiled(tuple(rule.source for rule in rules)))
    scanner.set_timeout(SECONDS)
    for name, value in known.items():
        scanner.set_global(name, value)
    found = {int(rule.namespace[1:]) for rule in scanner.scan(rendering).matching_rules}
    return sorted(found)


def faults(source: str) -> list[Fault]:
    """Why this source cannot be used; empty when it can. It may take its time: `rule_check` sets it a limit."""
    compiler = _compiler()
    try:
        compiler.add_source(source)
    except yara_x.CompileError:
        return [_fault(error) for error in compiler.errors()[:MOST_IN_ONE]]
    rules = compiler.build()
    imported = rules.imports()
    if imported:
        said = f"import of {imported[0]}: modules read more than mail says, so none may be imported"
        return [Fault(_line_of(source, "import"), 1, said)]
    count = len(list(rules))
    if not 1 <= count <= MOST_IN_ONE:
        return [Fault(1, 1, f"there must be 1 to {MOST_IN_ONE} rules, and there are {count}")]
    return []


def _fault(error: Mapping[str, object]) -> Fault:
    labels = error.get("labels")
    told = labels[0].get("text", "") if isinstance(labels, Sequence) and labels else ""
    message = f"{error.get('title', '')}: {told}" if told else str(error.get("title", ""))
    return Fault(int(str(error.get("line") or 1)), int(str(error.get("column") or 1)), message[:300])


def _line_of(source: str, word: str) -> int:
    return next((n for n, line in enumerate(source.splitlines(), 1) if word in line), 1)


@lru_cache(maxsize=64)
def _compiled(sources: tuple[str, ...]) -> yara_x.Rules:
    """All rules of a tenant, each in a namespace of its own; one that does not compile is left out."""
    compiler = _compiler()
    for number, source in enumerate(sources):
        if faults(source):
            continue
        compiler.new_namespace(f"r{number}")
        compiler.add_source(source)
    return compiler.build()


def _compiler() -> yara_x.Compiler:
    compiler = yara_x.Compiler(error_on_slow_pattern=True, includes_enabled=False)
    for name, value in GLOBALS.items():
        compiler.define_global(name, value)
    return compiler
