"""Bounded work: does a hostile mail cost more than a large honest one?

No clock here: what is counted is how often Python is called, and how much comes out.
"""

import io
import sys
import zipfile

import pytest
from mail_builders import HTML, html_mail, mail, mail_with

from model.message import caps
from model.message.parse import parse_message


def codes(facts):
    return {defect.code for defect in facts.defects}


def _forget_other_mails():
    """What is remembered from mail to mail would make a mail cheaper that came after another test's."""
    for name, module in sorted(sys.modules.items()):
        for found in vars(module).values() if name.startswith("model.message.") else ():
            if hasattr(found, "cache_clear") and found.cache_parameters()["maxsize"] != 1:
                found.cache_clear()


def calls(raw):
    """How many functions, in Python or C, parsing this mail calls."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in {"call", "c_call"}

    parse_message(mail())  # whatever is loaded lazily is loaded now
    _forget_other_mails()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        parse_message(raw)
    finally:
        sys.setprofile(before)
    return count


def nested(levels):
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(levels))


def parts(number):
    return b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhello\n" * number


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (mail("x" * 100_000_000), "message-too-big"),
        (b"Subject: " + b"x" * 5_000_000 + b"\n" + mail(), "header-block-too-long"),
        (b"Subject: x\n" * 1_500 + mail(), "too-many-headers"),
        (mail("\n" * (caps.LINES + 1)), "too-many-lines"),
        (b"From: a@sender.example\n" + nested(50), "nesting-too-deep"),
        (b"From: a@sender.example\n" + nested(1_000), "structure-unreadable"),
        (b"From: a@sender.example\n" + parts(1_000), "too-many-parts"),
        (b"From: a@sender.example\n" + parts(30_000), "too-many-boundaries"),
        (html_mail("".join(f"<a href='https://h{n}.example/'>x</a>" for n in range(2_500))), "too-many-links"),
        (html_mail("<p>x</p>" * 300_000), "markup-too-long"),
        (html_mail(f"<a href='https://h.example/{'a' * 9_000}'>x</a>"), "link-too-long"),
        (mail(To=", ".join(f"p{n}@receiver.example" for n in range(500))), "too-many-addresses"),
        (mail(kind="Content-Type: text/plain; charset=punycode\r\n"), "unknown-charset"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_over_a_cap_becomes_a_defect_and_the_rest_is_read(raw, code):
    facts = parse_message(raw)

    assert code in codes(facts)
    assert facts.size == len(raw)
    assert len(facts.text) <= caps.TEXT_CHARACTERS
    assert len(facts.links) <= caps.LINKS
    assert facts.structure.parts <= caps.PARTS


ATTRIBUTES = " ".join(f"a{n}=b" for n in range(20_000))
QUOTED = " ".join(f'a{n}=">"' for n in range(20_000))
FORMATTING = "".join(f"<font color=c{n}>" for n in range(5_000))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        f"<a {ATTRIBUTES}>",
        f'<!-- <a x=" --> <a {ATTRIBUTES}>"',
        f'="<a {QUOTED}>',
        f"<title><a x='</title><a {ATTRIBUTES}>",
        "<a " * 100_000,
        "<b " * 100_000,
        f"<p>{FORMATTING}" + "<p>x" * 5_000,
        "".join(f"<body a{n}=b>" for n in range(60_000)),
        "<b></i>" * 250_000,
        "<ruby><rb></rt>" * 100_000,
        "<p>x</p>" * 10_000 + "<svg><x></y>" * 50_000,
        "<template>" + "<span></i>" * 100_000,
        "<select>" + "<option>" * 100_000,
    ],
    ids=[
        "attributes",
        "in a comment",
        "quoted",
        "in a title",
        "tags in tags",
        "formatting in tags",
        "formatting",
        "bodies",
        "ends of nothing",
        "ruby",
        "ends of nothing, later",
        "in a template",
        "options",
    ],
)
def test_markup_that_would_explode_never_reaches_the_parser(body):
    facts = parse_message(html_mail(body + "<i>https://hidden.example/here</i>"))

    assert "markup-overloaded" in codes(facts)
    assert "https://hidden.example/here" in [link.url for link in facts.links]


def test_large_honest_markup_is_not_taken_for_an_explosion():
    row = "<tr><td style='color:#333'><b>Item</b> <font size=2>Text</font> <a href='https://shop.example/i'>x</a></td></tr>"

    assert codes(parse_message(html_mail("<table>" + row * 2_000 + "</table>"))) == set()


def test_text_below_eighty_thousand_elements_is_read():
    facts = parse_message(html_mail("<div>" * 80_000 + "deep <a href='https://hidden.example/'>x</a>"))

    assert facts.text == "deep x"
    assert facts.links[0].url == "https://hidden.example/"


@pytest.mark.parametrize(
    "make",
    [
        lambda n: html_mail("".join(f"<a href='https://h{i}.example/'>x</a>" for i in range(4_000 * n))),
        lambda n: mail(From=",".join(f"p{i}@sender.example" for i in range(8_000 * n))),
        lambda n: b"From: a@sender.example\n" + parts(1_000 * n),
        lambda n: b"X: y\n" * (2_000 * n) + mail(),
        lambda n: mail("(" * (50_000 * n), From="(" * (70_000 * n)),
        lambda n: mail(headers="Authentication-Results: " + "(" * (70_000 * n) + "\r\n"),
        lambda n: mail_with(*[(f"{i}.pdf", "application/pdf", b"%%PDF-%d" % i) for i in range(4 * n)]),
    ],
    ids=["anchors", "senders", "parts", "headers", "comments", "results", "documents"],
)
def test_beyond_the_cap_four_times_as_much_costs_little_more(make):
    once, four = calls(make(1)), calls(make(4))

    assert four < 2 * once + 500


@pytest.mark.parametrize(
    "make",
    [
        lambda n: html_mail("".join(f"<img src='https://h{i}.example/'>" for i in range(400 * n))),
        lambda n: mail("".join(f"https://h{i}.example/ " for i in range(400 * n))),
        lambda n: html_mail("<div>" * (10_000 * n)),
        lambda n: html_mail("<p style='display:none'>x" * (400 * n)),
        lambda n: html_mail("<svg><a xlink:href='https://h.example/'>" * (400 * n)),
    ],
    ids=["pictures", "text", "depth", "hidden", "links in links"],
)
def test_below_the_cap_four_times_as_much_costs_four_times_as_much(make):
    once, four = calls(make(1)), calls(make(4))

    assert four < 4.5 * once


def test_a_zip_bomb_is_hashed_and_not_unpacked():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    facts = parse_message(mail_with(("zeros.zip", "application/zip", packed.getvalue())))

    assert facts.attachments[0].detected_type == "application/zip"
    assert facts.attachments[0].size == len(packed.getvalue()) < 100_000


def test_messages_in_messages_are_read_only_so_deep():
    raw = mail("innermost https://hidden.example/")
    for _ in range(20):
        raw = mail(kind="Content-Type: message/rfc822\r\n").replace(b"Hello Ana,\r\nthe report is ready.\r\n", raw)
    facts = parse_message(raw)

    assert "attached-message-not-read" in codes(facts)
    assert facts.structure.attached_messages == caps.ATTACHED_MESSAGE_DEPTH + 1


def test_documents_in_documents_are_read_only_so_deep():
    body = "<a href='https://hidden.example/deep'>x</a>"
    for _ in range(10):
        escaped = body.replace("&", "&amp;").replace('"', "&quot;")
        body = f'<iframe srcdoc="{escaped}"></iframe>'

    assert parse_message(html_mail(body)).structure.html_characters < 10 * len(body)


def test_the_whole_message_shares_one_allowance_of_markup(monkeypatch):
    monkeypatch.setattr(caps, "MARKUP_MESSAGE_CHARACTERS", 5_000)
    part = f"--x\r\n{HTML}\r\n" + "<p>hello</p>" * 100 + "https://hidden.example/\r\n"
    facts = parse_message(mail(part * 10, kind="Content-Type: multipart/mixed; boundary=x\r\n"))

    assert "markup-too-long" in codes(facts)
    assert facts.text.count("hello") <= 500
