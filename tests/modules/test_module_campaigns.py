"""Campaigns: do copies of one attack resemble each other, and nothing else?"""

from dataclasses import replace
from itertools import combinations
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contract import ModuleContext
from model.message.facts import Address, Facts, Link
from model.modules.campaigns import bands, minhash, opinion, similarity
from modules.campaign_mails import unrelated, variant

CAMPAIGN = [minhash(variant(seed)) for seed in range(20)]
EVERYDAY = [minhash(unrelated(seed)) for seed in range(20)]
JOINS = 0.4  # policy.toml: campaigns.similarity


def test_copies_with_other_names_links_and_wordings_stay_alike():
    alike = [similarity(a, b) for a, b in combinations(CAMPAIGN, 2)]
    assert median(alike) >= 0.65
    for one in CAMPAIGN:
        assert sum(similarity(one, other) >= JOINS for other in CAMPAIGN) >= 5  # each copy finds its family


def test_unrelated_mails_are_never_taken_for_the_campaign():
    assert max(similarity(a, b) for a in CAMPAIGN for b in EVERYDAY) < 0.1
    others = [(a, b) for (n, a), (m, b) in combinations(enumerate(EVERYDAY), 2) if n % 5 != m % 5]  # of other topics
    assert max(similarity(a, b) for a, b in others) < JOINS / 2


def test_bands_bring_copies_together_and_keep_others_apart():
    meet = [bool(set(bands(a)) & set(bands(b))) for a, b in combinations(CAMPAIGN, 2)]
    assert sum(meet) / len(meet) > 0.9
    assert not any(set(bands(a)) & set(bands(b)) for a in CAMPAIGN for b in EVERYDAY)


def test_the_hashes_have_the_agreed_form():
    hashes = CAMPAIGN[0]
    assert len(hashes) == 96 * 4
    assert len(set(np.frombuffer(hashes, dtype="<u4").tolist())) > 60  # 96 functions, not one
    assert [len(band) for band in bands(hashes)] == [16] * 32
    assert all(set(band) <= set("0123456789abcdef") for band in bands(hashes))


def test_hashes_are_the_same_in_every_process():
    """Stored hashes are compared with new ones: changing the function is a migration."""
    assert bands(minhash(variant(0)))[0] == "7a8a1f601a900382"


@pytest.mark.parametrize("shared", [0.2, 0.5, 0.8])
def test_the_estimate_follows_the_true_similarity(shared):
    def text(words):
        return Facts(text=". ".join(words))  # every word is its own sentence, so shingles overlap at the ends only

    common = [f"alpha{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)]
    own = int(400 * (1 - shared) / (2 * shared))
    one = text(common + [f"beta{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(own)])
    other = text(common + [f"gamma{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(own)])
    # 400 common out of 400 + 2 * own words
    true = 400 / (400 + 2 * own)
    assert similarity(minhash(one), minhash(other)) == pytest.approx(true, abs=0.2)


def test_personal_details_do_not_matter():
    base = variant(3)
    other = replace(
        base,
        to=(Address("Zoë Quist", "zoe.quist@example.org"),),
        text=base.text.replace(base.to[0].name, "Zoë Quist"),
        links=tuple(replace(link, url=link.url[:-5] + "0a1b2", host="other.example") for link in base.links),
    )
    assert similarity(minhash(base), minhash(other)) >= 0.95


def test_languages_without_spaces_have_shingles_too():
    text = "您的邮箱存储空间已满请立即点击下面的链接升级您的账户否则将被停用谢谢您的合作"
    other = text.replace("立即", "尽快")
    assert similarity(minhash(Facts(text=text)), minhash(Facts(text=other))) > 0.5


def test_too_little_text_has_no_hashes_and_resembles_nothing():
    assert minhash(Facts(text="See you at noon")) == b""
    assert similarity(b"", CAMPAIGN[0]) == similarity(CAMPAIGN[0], b"") == similarity(b"", b"") == 0.0


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_hashes_or_none(text, url, name):
    facts = Facts(subject=name, text=text, to=(Address(name, url),), links=(Link(url, "", "", "a", name),))
    assert len(minhash(facts)) in {0, 384}


def test_likeness_to_a_judged_message_is_an_opinion_but_never_hard():
    context = ModuleContext(similar={7: (0.9, "MALICIOUS"), 8: (0.95, "SPAM"), 9: (0.85, "NONE")})
    held = opinion(Facts(), context)
    assert (held.score, held.distance, held.hard) == (0.9, 0.0, False)
    assert [(reason.code, reason.detail) for reason in held.reasons] == [
        ("resembles-malicious", "message 7"),
        ("resembles-legitimate", "message 9"),
    ]


def test_it_says_how_far_it_was_from_acting():
    held = opinion(Facts(), ModuleContext(similar={7: (0.5, "MALICIOUS")}))
    assert (held.score, held.distance, held.reasons) == (0.5, pytest.approx(0.1), ())
    assert opinion(Facts(), ModuleContext()).distance == pytest.approx(0.6)
