"""A person's traces are found however they are written, and nobody else's words are taken for them."""

import base64

import pytest

from backend.store.traces import Traces
from backend.store.words import terms

OTHER = "maria.ana.sand@north.example"
ANA = Traces("erased-7", ("ana.sand@north.example",), "Ana Sand", "0f3c-1111-2222", (OTHER,))
CODE = base64.b64encode(b"ana.sand@north.example").decode()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("to ana.sand@north.example.", "to erased-7."),
        ("ANA.SAND@NORTH.EXAMPLE", "erased-7"),
        ("<ana.sand@north.example>", "<erased-7>"),
        ("https://x.test/?u=ana.sand%40north.example&k", "https://x.test/?u=erased-7&k"),
        ("u%3Dana.sand@north.example", "u%3Derased-7"),
        (f"https://x.test/{CODE}/go", "https://x.test/erased-7" + CODE[-4:] + "/go"),
        ("Dear Ana\n  Sand,", "Dear erased-7,"),
        ("id 0f3c-1111-2222!", "id erased-7!"),
        ("diana.sand@north.example", "diana.sand@north.example"),
        ("joana.sand@north.example", "joana.sand@north.example"),
        ("bounce-ana.sand@north.example", "bounce-erased-7"),
        ("maria.ana.sand@north.example", "maria.ana.sand@north.example"),
        ("ana.sand@north.examples", "ana.sand@north.examples"),
        ("Ana Sanders and Hosana Sand", "Ana Sanders and Hosana Sand"),
        ("Ana went to the sand", "Ana went to the sand"),
        ("", ""),
    ],
)
def test_a_text_is_cleaned_of_the_person_and_of_nothing_else(text, clean):
    assert ANA.clean(text) == clean


def test_json_is_cleaned_however_deep_and_the_name_beside_the_address_goes():
    value = {"to": [{"name": "A. S.", "address": "ana.sand@north.example"}, {"name": "A. S.", "address": "b@x"}]}
    other = {"name": "A. S.", "address": "b@x"}
    assert ANA.clean(value) == {"to": [{"name": "erased-7", "address": "erased-7"}, other]}


@pytest.mark.parametrize("name", ["Will", "Max", "", "An"])
def test_a_single_word_is_no_name_in_running_text(name):
    traces = Traces("erased-7", ("w@north.example",), name, "7")
    assert traces.clean("Max will pay 7 an hour") == "Max will pay 7 an hour"


def test_a_name_without_spaces_is_found_between_its_neighbours():
    traces = Traces("erased-7", (), "田中太郎", "")
    assert traces.clean("件名：田中太郎様へ") == "件名：erased-7様へ"
    assert "太郎" not in traces.clean_words(terms("件名：田中太郎様へ 田中太郎"))


SAID = ["Dear Ana Sand!", "to ana.sand@north.example", "u=ana.sand%40north.example", f"x {CODE} y"]


@pytest.mark.parametrize("text", SAID)
def test_a_search_document_is_cleaned_word_by_word(text):
    cleaned = ANA.clean_words(terms(f"before {text} after"))
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert "sand" not in cleaned
    assert CODE.lower()[:20] not in cleaned
    assert "erased" in cleaned


def test_a_search_document_keeps_what_is_said_of_others():
    said = terms(f"to {OTHER} and Ana Sanders")
    assert ANA.clean_words(said) == said


def test_somebody_who_is_known_by_nothing_is_found_nowhere():
    nobody = Traces("erased-7", (), "", "")
    assert nobody.forms == ()
    assert nobody.clean("anything") == "anything"
    assert nobody.clean_words("any words") == "any words"
