"""Skeletons: does a template keep its look, lose its words, and wear the letter's?"""

import json

from model.composed.compose import compose
from model.composed.skeletons import KEPT, read_skeletons
from model.composed.templates import skeleton
from model.message.parse import parse_message

TEMPLATE = """<html><head><title>Old title</title><style>p{color:red}</style></head><body><!-- hint -->
<img src="https://old.example/logo.png"><p>Dear {{name}}, these are the old words.</p>
<a href="https://old.example/{{token}}">Old button</a><script>alert(1)</script></body></html>"""


def test_a_skeleton_keeps_the_look_and_none_of_the_words():
    made = skeleton(TEMPLATE)
    assert "p{color:red}" in made
    for old in ("Old", "old", "{{", "alert", "hint"):
        assert old not in made


def test_composed_mail_wears_installed_templates(tmp_path):
    (tmp_path / KEPT).write_text(json.dumps([{"name": "one", "html": skeleton(TEMPLATE)}]), encoding="utf-8")
    dressed = [mail for mail in compose(300, 3, tmp_path) if b"p{color:red}" in mail.raw]
    assert {mail.label for mail in dressed} >= {"benign", "phish"}
    for mail in dressed:
        facts = parse_message(mail.raw, ("*",))
        assert facts.text.strip()
        assert "\x02" not in facts.text
        assert not any(link.host.endswith("old.example") for link in facts.links)


def test_composing_works_without_templates(tmp_path):
    assert not read_skeletons(None)
    assert not read_skeletons(tmp_path)
    assert [mail.raw for mail in compose(20, 3)] == [mail.raw for mail in compose(20, 3, tmp_path)]
