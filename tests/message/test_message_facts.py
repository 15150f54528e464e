"""Facts: do they survive the store?"""

import json

from hypothesis import given
from hypothesis import strategies as st

from model.message.facts import Address, Attachment, Authentication, Defect, Facts, Link, Structure
from model.message.parse import parse_message

_text = st.text(max_size=20)
_addresses = st.lists(st.builds(Address, _text, _text), max_size=3).map(tuple)
_facts = st.builds(
    Facts,
    size=st.integers(0),
    subject=_text,
    from_=_addresses,
    to=_addresses,
    authentication=st.builds(
        Authentication, spf=_text, dkim_domains=st.lists(_text).map(tuple), aligned=st.sampled_from([None, True, False])
    ),
    links=st.lists(st.builds(Link, _text, _text, _text, _text, _text, st.lists(_text).map(tuple)), max_size=3).map(
        tuple
    ),
    attachments=st.lists(
        st.builds(Attachment, _text, _text, _text, st.integers(), _text, st.booleans()), max_size=3
    ).map(tuple),
    structure=st.builds(Structure, parts=st.integers(), parsers_disagree=st.booleans()),
    defects=st.lists(st.builds(Defect, _text, _text), max_size=3).map(tuple),
    header_names=st.lists(_text).map(tuple),
)


@given(_facts)
def test_facts_come_back_from_json_as_they_were(facts):
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_facts_of_an_older_version_get_the_defaults_of_what_they_lack():
    assert Facts.from_json({"version": 1, "subject": "x", "structure": {"parts": 2}}) == Facts(
        subject="x", structure=Structure(parts=2)
    )


def test_facts_of_a_newer_version_lose_only_what_we_do_not_know():
    link = Link("https://a.example/", "a.example", "a.example", "a", "text", ("https://w.example/",))
    data = Facts(subject="x", links=(link,)).to_json()
    data["colour"] = data["links"][0]["colour"] = "blue"

    assert Facts.from_json(data) == Facts(subject="x", links=(link,))


def test_facts_never_hold_what_a_database_refuses():
    lone_surrogate = b"From: a@sender.example\r\nContent-Type: text/plain; charset=utf-7\r\n\r\nx+2AA-y\0z"
    facts = parse_message(lone_surrogate)

    assert facts.text == "xyz"
    assert "\\u0000" not in json.dumps(facts.to_json())
    facts.text.encode("utf-8")
