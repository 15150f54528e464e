"""Composed mail: is it many-sided, repeatable, well-formed, and honest about what tells its sides apart?"""

import re
from collections import Counter
from email import message_from_bytes
from email.message import Message

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from model.composed.compose import Composed, compose
from model.composed.world import data, languages, said
from model.composed.write import AUTHSERV_ID
from model.message.parse import parse_message

COUNT = 4_000


@pytest.fixture(scope="module")
def mails() -> list[Composed]:
    return list(compose(COUNT, seed=5))


@pytest.fixture(scope="module")
def sides(mails: list[Composed]) -> tuple[list[Message], list[bool]]:
    kept = [mail for mail in mails if mail.label != "spam"]
    return [message_from_bytes(mail.raw) for mail in kept], [mail.label == "phish" for mail in kept]


def separation(pieces: list[list[str]], malicious: list[bool]) -> float:
    """AUC of a linear classifier that learned on the first half."""
    rows = CountVectorizer(analyzer=lambda found: found, binary=True).fit_transform(pieces)
    half = len(malicious) // 2
    trained = LogisticRegression(max_iter=2_000, C=0.1).fit(rows[:half], malicious[:half])
    return float(roc_auc_score(malicious[half:], trained.decision_function(rows[half:])))


def test_header_names_do_not_tell_the_sides_apart(sides):
    messages, malicious = sides
    assert separation([[name.lower() for name in message] for message in messages], malicious) <= 0.6


def test_mime_structure_does_not_tell_the_sides_apart(sides):
    messages, malicious = sides
    assert separation([structure(message) for message in messages], malicious) <= 0.6


def structure(message: Message) -> list[str]:
    found = [" ".join(part.get_content_type() for part in message.walk())]
    for part in message.walk():
        boundary = re.sub("[0-9a-zA-Z]{4,}", "x", part.get_boundary() or "")
        found.append(f"{part.get_content_type()} {part['content-transfer-encoding']} {boundary}")
        found.append(f"{part.get_content_type()} {part.get_content_disposition()}")
    return found


def test_authenticity_does_tell_the_sides_apart(mails):
    aligned = Counter()
    total = Counter()
    for mail in mails[:1_500]:
        total[mail.label] += 1
        aligned[mail.label] += parse_message(mail.raw, (AUTHSERV_ID,)).authentication.aligned is True
    assert aligned["benign"] / total["benign"] > 0.85
    assert 0.3 < aligned["phish"] / total["phish"] < 0.8


def test_sides_are_shared_out_as_intended(mails):
    shares = {label: count / COUNT for label, count in Counter(mail.label for mail in mails).items()}
    assert shares["benign"] + shares["bulk"] == pytest.approx(0.6, abs=0.05)
    assert shares["phish"] == pytest.approx(0.3, abs=0.05)
    assert shares["spam"] == pytest.approx(0.1, abs=0.04)


def test_the_same_words_are_said_by_both_sides(mails):
    both = {kind for kind, entry in data("kinds.toml").items() if entry.get("sides", "both") == "both"}
    honest = {mail.kind for mail in mails if mail.label in {"benign", "bulk"}}
    crooked = {mail.kind for mail in mails if mail.label == "phish"}
    assert both <= honest & crooked


def test_every_language_is_spoken_on_both_sides(mails):
    assert len(languages()) >= 12
    for label in ("benign", "phish"):
        assert {mail.language for mail in mails if mail.label == label} == set(languages())


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = ([mail.raw for mail in compose(200, seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_no_slot_is_left_empty_in_what_people_read(mails):
    for mail in mails[:800]:
        facts = parse_message(mail.raw, (AUTHSERV_ID,))
        assert not re.search(r"\{[a-z]+\d*\}", facts.subject + facts.text)


def test_no_composed_mail_has_defects(mails):
    found = Counter(defect.code for mail in mails[:800] for defect in parse_message(mail.raw, (AUTHSERV_ID,)).defects)
    assert not found


def test_a_twin_shares_its_originals_group(mails):
    groups = Counter(mail.group for mail in mails)
    twins = [mail for mail in mails if groups[mail.group] == 2]
    assert len(twins) > 40
    assert {mail.label for mail in twins} >= {"benign", "phish"}


@pytest.mark.parametrize("language", languages())
def test_every_kind_of_text_is_known_and_complete(language):
    for kind, wording in said(language).items():
        if kind in {"people", "common"}:
            continue
        entry = data("kinds.toml")[kind]
        assert wording["subjects"]
        assert len(wording["lines"]) >= 2
        assert wording.get("labels") or not entry.get("links", 1) or entry.get("sides") in {"spam", "crooked"}, kind
