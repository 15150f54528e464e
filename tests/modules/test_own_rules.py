"""Own rules: does only what compiles, stays inside and is quick get in, and does a broken one cost only its word?"""

import pytest

from model.contract import ModuleContext, OwnRule
from model.message.facts import Facts, Link
from model.modules import own_rules, rule_check
from model.modules.own_rules import LONGEST, faults
from model.modules.signatures import opinion

LINK = Link("https://evil.test/a", "evil.test", "evil.test", "a", "open")
FACTS = Facts(subject="Your Lunch VOUCHER", text="Collect it at the desk.", links=(LINK,))
VOUCHER = "rule voucher { strings: $a = /\\x01subject [^\\n]{0,80}voucher/ condition: $a and links > 0 }"


def rule(source=VOUCHER, says="malicious", name="voucher", meaning="The voucher campaign."):
    return OwnRule(name, source, meaning, says)


def held(*rules, facts=FACTS):
    return opinion(facts, ModuleContext(own_rules=rules))


@pytest.mark.parametrize(
    ("says", "score", "hard", "review"),
    [("malicious", 1.0, True, False), ("suspicious", 0.8, False, True), ("note", 0.3, False, False)],
)
def test_a_match_says_what_its_author_wants(says, score, hard, review):
    found = held(rule(says=says))
    assert (found.score, found.hard, found.review) == (score, hard, review)
    assert [(one.code, one.detail) for one in found.reasons] == [("signature-own", "voucher: The voucher campaign.")]
    assert held(rule(says=says), facts=Facts(subject="Lunch")).reasons == ()


def test_a_broken_rule_costs_its_own_word_only():
    broken = rule("rule x { condition: nothing_known }", name="broken")
    imported = rule('import "pe"\nrule y { condition: not pe.is_dll() }', name="imported")
    found = held(broken, rule(), imported, rule("rule z { condition: true }", "note", "every"))
    assert [one.detail.partition(":")[0] for one in found.reasons] == ["voucher", "every"]


def test_rules_of_the_same_name_do_not_meet():
    found = held(
        rule("rule same { condition: links > 0 }", "note", "a"), rule("rule same { condition: true }", "note", "b")
    )
    assert len(found.reasons) == 2


def test_a_global_rule_speaks_for_its_own_source_only():
    found = held(rule("global rule never { condition: false }", name="never"), rule())
    assert found.hard


def test_a_rule_that_takes_too_long_is_stopped_and_the_shipped_ones_are_asked_all_the_same(monkeypatch):
    monkeypatch.setattr(own_rules, "SECONDS", 1)
    endless = rule("rule slow { condition: for all i in (0..1000000000000) : ( i >= 0 ) }")
    extortion = Facts(
        text="I hacked your device and recorded a video of you through your webcam. Pay 900 dollars in bitcoin within "
        "48 hours or I will send it to all your contacts."
    )
    found = held(endless, facts=extortion)
    assert [one.code for one in found.reasons] == ["own-rules-stopped", "signature-extortion"]
    assert not found.hard


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ('rule a {\n  strings:\n    $a = "x\n  condition: $a }', 3, "unclosed literal string"),
        ("rule a {\n  condition: foo }", 2, "unknown identifier `foo`"),
        ('\nimport "pe"\nrule a { condition: pe.is_dll() }', 2, "import of pe"),
        ('import "console"\nrule a { condition: console.log("x") }', 1, "import of console"),
        ('include "/etc/passwd"\nrule a { condition: true }', 1, "include statements not allowed"),
        ("rule a { strings: $a = /(a+)+b/ condition: $a }", 1, "slow pattern"),
        ("rule a { strings: $a = /((a{1,1000}){1,1000}){1,100}/ condition: $a }", 1, "slow pattern"),
        ("// nothing", 1, "there are 0"),
        ("\n".join(f"rule a{n} {{ condition: true }}" for n in range(11)), 1, "there are 11"),
    ],
)
def test_what_cannot_be_used_says_where_and_why(source, line, said):
    first = faults(source)[0]
    assert first.line == line
    assert said in first.message


def test_the_check_runs_in_a_process_of_its_own():
    assert rule_check.check(VOUCHER) == []
    [fault] = rule_check.check("rule a {\n condition: foo }")
    assert (fault.line, fault.column) == (2, 13)


@pytest.mark.parametrize(
    ("source", "said"), [("x" * (LONGEST + 1), "longer than"), (" \n", "no rule"), ("rule\0", "NUL character")]
)
def test_what_is_no_source_never_reaches_the_compiler(source, said):
    [fault] = rule_check.check(source)
    assert said in fault.message


def test_a_check_that_takes_too_long_is_ended():
    [fault] = rule_check.check(VOUCHER, seconds=0.001)
    assert "too long to compile" in fault.message
