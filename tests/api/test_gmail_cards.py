"""Gmail's cards: would Google show each of them, and does nothing in them come alive?"""

import copy
import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workspace.card_shapes import leaves, shown, wrong_with_card
from workspace.cards_by_situation import DISPOSITIONS, HOSTILE, every_card

from connectors.gmail.addon import cards
from connectors.gmail.addon.descriptor import descriptor_for
from connectors.gmail.addon.words import LANGUAGES, Words, words_for

BASE = "https://unhook.example.org"
EN = LANGUAGES["en"]
OUTLOOK = Path(__file__).parents[2] / "addin" / "src" / "words"
SITUATIONS = sorted(every_card(EN, BASE))
SAME_AS_OUTLOOK = {
    "title", "question", "phish", "phish_hint", "spam", "spam_hint", "comment", "send", "next", "next1", "next2",
    "next3", "thanks", "untouched", "already", "simulation", "checking", "unchecked", "last", "all", "none_yet",
    "as_phish", "as_spam", "no_subject", "unreachable", "failed", "take_back", "took_back",
    "too_late", "taken_back",
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_is_one_by_googles_description(language, situation):
    assert wrong_with_card(every_card(LANGUAGES[language], BASE)[situation], BASE) == []


def test_the_check_finds_what_is_wrong():
    def changed(change) -> list[str]:
        card = copy.deepcopy(cards.question(EN, BASE))
        change(card)
        return wrong_with_card(card, BASE)

    asked = ("sections", 0, "widgets", 0, "selectionInput")

    def at(card):
        for part in asked:
            card = card[part]
        return card

    assert changed(lambda card: None) == []
    assert changed(lambda card: card.update(colour="red")) == ["card.colour: there is no such field"]
    assert "no boolean" in changed(lambda card: at(card)["items"][0].update(selected="yes"))[0]
    assert "none of" in changed(lambda card: at(card).update(type="RADIO"))[0]
    assert "no array" in changed(lambda card: at(card).update(items={}))[0]
    assert changed(lambda card: card["header"].update(imageUrl="http://evil.example/x"))
    assert changed(lambda card: card["sections"][1]["widgets"].extend(card["sections"][1]["widgets"] * 60))
    assert changed(lambda card: card["sections"][1]["widgets"][0]["textParagraph"].update(text="<img src=x>"))


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_hostile_subject_is_shown_as_text(disposition):
    card = every_card(EN, BASE)[disposition]

    texts = shown(card)
    assert "&lt;a href=&quot;http://evil.example&quot;&gt;Pay&lt;/a&gt; &amp;" in texts
    assert not re.search(r"<a |<script|[\u202e\x00\r]", texts)
    assert len(texts) < 3_000


@given(st.text() | st.text("<>&\"'ab\u202e\u200b\n\x00"))
def test_nothing_that_a_stranger_writes_is_markup(text):
    written = cards.harmless(text)

    assert not re.search(r"[<>\"'\x00-\x1f\u202a-\u202e\u2066-\u2069]", written)
    assert re.sub(r"&(amp|lt|gt|quot|#x27);", "", written).count("&") == 0
    assert len(cards.harmless(text * 500)) <= 200 * 6


def test_every_address_that_google_is_given_is_answered(embedded):
    given = [value for card in every_card(EN, BASE).values() for path, value in leaves(card)]
    given += [value for _, value in leaves(descriptor_for(BASE))]
    called = {value for value in given if str(value).startswith(f"{BASE}/gmail/")}

    posted = {rule.rule for rule in embedded.app.url_map.iter_rules() if "POST" in rule.methods}
    assert called == {f"{BASE}/gmail/{name}" for name in ("homepage", "message", "report", "refresh", "withdraw")}
    assert {value.removeprefix(BASE) for value in called} <= posted


def test_a_link_leads_to_ones_own_reports_and_never_to_the_phish():
    linked = {
        (situation, value)
        for situation, card in every_card(EN, BASE).items()
        for path, value in leaves(card)
        if path.endswith("openLink.url")
    }
    assert linked == {(situation, f"{BASE}/reports/enter/signed") for situation in ("already", "too late", "homepage")}


def test_nothing_of_the_message_is_on_the_first_card():
    assert cards.question(EN, BASE) == cards.question(EN, BASE)
    assert "Zebra" not in shown(cards.question(EN, BASE))


def test_the_reasons_are_english_and_go_with_english_words_only():
    told = cards.Result(1, "phish", "x", "MALICIOUS", ("A link shows one address and leads to another.",))

    assert "A link shows" in shown(cards.result(EN, BASE, told))
    assert "A link shows" not in shown(cards.result(LANGUAGES["de"], BASE, told))


def test_a_button_to_look_again_is_there_only_while_there_is_something_to_wait_for():
    situations = every_card(EN, BASE)

    assert {name for name in situations if "refresh" in str(situations[name].get("fixedFooter"))} == {
        "waiting", "read but undecided", "already", "just reported",
    }  # fmt: skip


def test_a_report_is_taken_back_from_the_card_only_while_that_is_possible():
    situations = every_card(EN, BASE)

    assert {name for name in situations if "/gmail/withdraw" in str(situations[name])} == {"just reported"}
    assert "See the result" not in shown(situations["taken back"])
    assert "do not open" not in shown(situations["taken back"])
    assert EN.too_late in shown(situations["too late"])
    assert EN.meanings["MALICIOUS"] in shown(situations["too late"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language):
    words = LANGUAGES[language]

    assert all(getattr(words, field.name) for field in fields(Words) if field.name != "in_english")
    assert tuple(words.names) == tuple(words.meanings) == DISPOSITIONS


@pytest.mark.parametrize("language", LANGUAGES)
def test_gmail_and_outlook_say_the_same(language):
    text = (OUTLOOK / f"{language}.js").read_text()
    outlook = dict(re.findall(r'^  (\w+):\s+"(.*)",$', text, re.MULTILINE))

    for name in SAME_AS_OUTLOOK:
        theirs = re.sub("_(.)", lambda found: found[1].upper(), name)
        assert getattr(LANGUAGES[language], name) == outlook[theirs], name
    assert dict(LANGUAGES[language].names) == {one: outlook[one] for one in DISPOSITIONS}


@pytest.mark.parametrize(
    ("locale", "language"), [("de", "de"), ("de-CH", "de"), ("pt_BR", "pt"), ("JA", "ja"), ("", "en"), ("nl", "en")]
)
def test_the_locale_picks_the_language(locale, language):
    assert words_for(locale) is LANGUAGES[language]


def test_hostile_text_costs_little():
    assert len(cards.harmless(HOSTILE * 100)) < 1_000
