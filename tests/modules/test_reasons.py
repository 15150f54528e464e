"""Reasons: does every code that anything emits have its two texts, and the page its line?"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from backend.domain.lesson import How
from model import reasons
from model.contract import ModuleContext
from model.features import table
from model.message.facts import Facts
from model.modules import MODULES, links, opinions
from model.modules.signatures import rules

ROOT = Path(__file__).parents[2]
EMITTING = [
    *ROOT.glob("model/modules/*.py"),
    ROOT / "model/explain.py",
    ROOT / "backend/policy/rules.py",
    ROOT / "backend/flow/feedback.py",
    ROOT / "backend/flow/respond.py",
]


def emitted_in_source():
    """Codes written as constants: the first argument of Reason, and whatever looks like a code in the rules."""
    for path in EMITTING:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                yield from (word.value for word in node.args[:1] if isinstance(word, ast.Constant))
            elif path.name == "rules.py" and isinstance(node, ast.Constant):
                yield from re.findall(r"^[a-z]+(?:-[a-z]+)+$", str(node.value))


def emitted_by_network():
    yield from {name.partition(".")[0] for name in (*table.DENSE, *table.BAGS)}
    explain = (ROOT / "model/explain.py").read_text()
    for node in ast.parse(explain).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


WHY = [
    "margin-above-threshold",
    "within-suspicious-band",
    "spoof-alignment-failed",
    "likeliest-by-head",
    "hard-match",
    "asked-for-review",
    "listed-trusted",
    "listed-acceptable",
    "verify-sender",
    "operator-decided",
    "operator-restored",
    "operator-false-positive",
    "operator-false-negative",
    "operator-simulation",
    "contest-confirmed",
    "operator-escalated",
    "retraction-called-off",
    "judgement-undone",
    "psr-off",
    "psr-preview",
    "no-action-configured",
    "not-licensed",
    "trusted-sender",
    "simulation",
    "team-submission",
    "reported-as-spam",
    "unverified-identity",
    "untrusted-evidence",
    "margin-below-threshold",
    "above-mailbox-limit",
    "already-judged",
    *(f"learned-{how}" for how in How),
    "label-revoked",
]
EMITTED = {
    *emitted_in_source(),
    *emitted_by_network(),
    *WHY,
    *links.WEIGHTS,
    *(f"signature-{dict(rule.metadata)['code']}" for rule in rules()),
}


def test_every_emitted_code_has_an_entry():
    assert len(EMITTED) > 80
    assert set(reasons.codes()) >= EMITTED


def test_every_entry_is_emitted_by_something():
    assert set(reasons.codes()) <= EMITTED


@pytest.mark.parametrize("code", reasons.codes())
def test_every_entry_has_one_plain_sentence_and_its_known_errors(code):
    said = reasons.sentence(code)
    assert said.endswith(".")
    assert said.count(". ") == 0
    assert 10 < len(said) < 130
    assert 5 < len(reasons.false_positives(code)) < 130
    entry = tomllib.loads((ROOT / "model/reasons.toml").read_text())[code]
    assert set(entry) == {"sentence", "false_positives"}


def test_a_code_of_another_version_is_shown_as_it_is():
    assert reasons.sentence("from-the-future") == "from-the-future"
    assert reasons.false_positives("from-the-future") == ""


def test_the_page_says_what_the_file_says():
    rows = [f"| `{code}` | {reasons.sentence(code)} | {reasons.false_positives(code)} |" for code in reasons.codes()]
    page = (ROOT / "docs/reasons.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_every_module_gives_one_opinion_of_any_message():
    held = opinions(Facts(), ModuleContext())
    assert [opinion.module for opinion in held] == ["authentication", "lists", "signatures", "campaigns", "links"]
    assert len(held) == len(MODULES)
    for opinion in held:
        assert (opinion.score, opinion.hard) == (0.0, False)
        assert opinion.distance > 0
