"""The shipped checkpoint: sane on everyday mail, honest about its reasons, safe between threads."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import everyday
import pytest
import torch

from model import reasons as sentences
from model.contract import Predictor
from model.explain import CODES
from model.lift import MAX_LIFT
from model.message.parse import parse_message
from model.predict import NEWCOMER, load_predictor
from model.reporter import reporter_value

TRUSTED = ("mx.example.org",)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor()


def verdict(predictor, raw, value=0.0, target=0.001):
    return predictor.predict(parse_message(raw, TRUSTED), value, target)


@pytest.mark.parametrize("name", everyday.LEGITIMATE)
def test_everyday_mail_lies_clearly_below_the_threshold(predictor, name):
    assert verdict(predictor, everyday.LEGITIMATE[name], reporter_value(20, 20)).margin < -1.0


@pytest.mark.parametrize("name", everyday.PHISH)
def test_a_blatant_phish_is_within_a_reporters_reach(predictor, name):
    found = verdict(predictor, everyday.PHISH[name])
    assert found.base_margin > -MAX_LIFT
    assert found.probabilities.malicious > 0.5


@pytest.mark.parametrize("value", [0.0, 1.3, 2.4, 7.0, math.nan, math.inf])
@pytest.mark.parametrize("name", [*everyday.PHISH, *everyday.LEGITIMATE])
def test_contributions_add_up_to_the_margin(predictor, name, value):
    found = verdict(predictor, {**everyday.PHISH, **everyday.LEGITIMATE}[name], value)
    assert math.fsum(reason.contribution for reason in found.reasons) == pytest.approx(found.margin, abs=1e-9)
    of_mail = [reason.contribution for reason in found.reasons if reason.code != "reporter"]
    assert math.fsum(of_mail) == pytest.approx(found.base_margin, abs=1e-9)


def test_many_messages_get_the_verdicts_they_would_get_alone(predictor):
    many = [parse_message(raw, TRUSTED) for raw in (*everyday.PHISH.values(), *everyday.LEGITIMATE.values())]
    values = [float(place % 3) for place in range(len(many))]
    for facts, value, found in zip(many, values, predictor.predict_many(many, values), strict=True):
        alone = predictor.predict(facts, value)
        assert found.reasons == ()
        assert found.margin == pytest.approx(alone.margin, abs=1e-4)
        assert found.probabilities.malicious == pytest.approx(alone.probabilities.malicious, abs=1e-4)
    assert predictor.margins(many) == pytest.approx(
        [predictor.predict(facts, 0.0).base_margin for facts in many], abs=1e-4
    )
    assert len(predictor.margins([])) == 0


def test_at_most_seven_sentences_are_given(predictor):
    figures = {"starting-point", "everything-else"}
    for raw in (*everyday.PHISH.values(), *everyday.LEGITIMATE.values()):
        found = verdict(predictor, raw, 7.0)
        assert len([reason for reason in found.reasons if reason.code not in figures]) <= 7


def test_nobody_leaves_the_base_margin_as_it_is(predictor):
    for raw in everyday.PHISH.values():
        found = verdict(predictor, raw)
        assert found.margin == found.base_margin == found.counterfactual.nobody
        assert "reporter" not in [reason.code for reason in found.reasons]


def test_the_base_margin_does_not_depend_on_the_reporter(predictor):
    raw = everyday.PHISH["microsoft"]
    assert verdict(predictor, raw).base_margin == verdict(predictor, raw, 7.0).base_margin


def test_the_counterfactual_is_what_would_have_been(predictor):
    raw = everyday.PHISH["microsoft"]
    found = verdict(predictor, raw, 1.0)
    assert found.counterfactual.this == found.margin == verdict(predictor, raw, 1.0).margin
    assert found.counterfactual.newcomer == verdict(predictor, raw, NEWCOMER).margin
    assert found.counterfactual.perfect == verdict(predictor, raw, reporter_value(20, 20)).margin
    assert found.counterfactual.nobody <= found.counterfactual.newcomer <= found.counterfactual.perfect


def test_a_good_record_moves_a_phish_further_than_a_first_report(predictor):
    first, proven = (verdict(predictor, everyday.PHISH["microsoft"], value) for value in (NEWCOMER, 7.0))
    assert first.base_margin < first.margin < proven.margin - 1.0


def test_a_reason_names_the_link_to_look_at(predictor):
    found = verdict(predictor, everyday.PHISH["microsoft"])
    details = {reason.code: reason.detail for reason in found.reasons}
    assert any("account-check.test" in detail for code, detail in details.items() if code.startswith("link-"))


def test_every_code_has_its_sentence(predictor):
    for code in CODES:
        assert sentences.sentence(code)
        assert sentences.false_positives(code)
    for raw in everyday.PHISH.values():
        assert {reason.code for reason in verdict(predictor, raw, 7.0).reasons} <= set(CODES)


def test_probabilities_add_up_to_one(predictor):
    found = verdict(predictor, everyday.LEGITIMATE["newsletter"]).probabilities
    assert found.malicious + found.spam + found.bulk + found.none == pytest.approx(1.0)


def test_a_stricter_target_never_raises_a_margin(predictor):
    margins = [
        verdict(predictor, everyday.PHISH["microsoft"], target=target).margin for target in predictor.offered_targets()
    ]
    assert margins == sorted(margins, reverse=True)


def test_the_default_target_is_offered(predictor):
    assert 0.001 in predictor.offered_targets()


def test_a_target_nobody_can_prove_gets_the_strictest_threshold(predictor):
    raw = everyday.PHISH["microsoft"]
    strictest = min(predictor.offered_targets())
    assert verdict(predictor, raw, target=1e-9).threshold == verdict(predictor, raw, target=strictest).threshold


def test_threads_share_a_predictor(predictor):
    mails = [*everyday.PHISH.values(), *everyday.LEGITIMATE.values()] * 5
    alone = [verdict(predictor, raw, 2.4) for raw in mails]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda raw: verdict(predictor, raw, 2.4), mails))
    assert together == alone


def test_an_empty_message_gets_a_verdict(predictor):
    assert math.isfinite(verdict(predictor, b"").margin)


def test_broken_weights_never_look_malicious(predictor):
    broken = load_predictor()
    with torch.no_grad():
        for parameter in broken._network.parameters():
            parameter.fill_(math.nan)
    found = verdict(broken, everyday.PHISH["microsoft"], 7.0)
    assert found.margin < -MAX_LIFT
    assert replace(found, margin=0.0).checkpoint == predictor.checkpoint
