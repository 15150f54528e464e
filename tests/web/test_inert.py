"""The inert mail: nothing loads, runs, sends or leads anywhere, and what the sender hid is in sight."""

import re

import pytest
from resiliparse.parse.html import HTMLTree
from test_hostile import Seen

from backend.web import inert
from backend.web.inert import inert_html, inert_page
from backend.web.spelled import defang

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://track.example/p.gif?id=1'>",
    "<img srcset='https://track.example/p.gif 2x'>",
    "<body background='https://track.example/b.gif' onload=alert(1)>",
    "<p style='background:url(https://track.example/c)'>x</p>",
    "<p style='background-color:url(https://track.example/c);color:expression(alert(1))'>x</p>",
    "<style>@import 'https://track.example/d.css';</style>",
    "<link rel=stylesheet href='https://track.example/e.css'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href='https://evil.example/'>",
    "<form action='https://evil.example/'><input name=password><button formaction='//evil.example'>Go</button></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jav\tascript:alert(1)'>x</a>",
    "<iframe src='https://evil.example/'></iframe><object data='x'></object><embed src='x'>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<video src='https://track.example/v' autoplay></video><audio src='https://track.example/a'></audio>",
    "<img src='data:image/svg+xml;base64,PHN2Zy8+'><img src='data:text/html,<script>alert(1)</script>'>",
    "<div style='position:fixed;inset:0;z-index:99'>cover</div>",
    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    "<a href='https://evil.example/\"><script>alert(1)</script>'>x</a>",
    "<img alt='\"><script>alert(1)</script>' src='https://x.example/'>",
]


def mail(html: str, extra: bytes = b"") -> bytes:
    return b"Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode() + extra


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_in_it_loads_runs_sends_or_leads_anywhere(html):
    body = inert_page(mail(html)).split("</style></head><body>")[1]
    seen = Seen(body)
    assert seen.inline == []
    for tag, attributes in seen.elements:
        assert tag in inert.harmless.TAGS, tag
        assert not set(attributes) & {"href", "srcset", "background", "action", "formaction", "id", "name"}, attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/")
        assert "svg" not in attributes.get("src", "")
        assert not re.search(r"url\(|expression|position|@import", attributes.get("style", ""))


def test_a_link_becomes_its_words_and_its_address():
    shown = inert_html('<a href="http://evil.example/login?a=1&amp;b=2">Your <b>bank</b></a>', {})
    assert "Your <b>bank</b>" in shown
    assert "[hxxp://evil[.]example/login?a=1&amp;b=2]" in shown


def test_what_the_sender_hides_is_in_sight():
    shown = inert_html('<p style="display:none;font-size:0;opacity:0;visibility:hidden">secret words</p>', {})
    assert shown == "<p>secret words</p>"


def test_colours_stay_because_they_are_part_of_the_disguise():
    assert inert_html('<p style="color: rgb(1, 2, 3); text-align: center">x</p>', {}) == (
        '<p style="color:rgb(1, 2, 3);text-align:center">x</p>'
    )


def test_a_picture_from_elsewhere_is_named_and_one_inside_is_shown():
    related = (
        b"Subject: x\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n"
        b"<img src='cid:logo@x' alt='Logo'><img src='https://t.example/' alt='Pixel'>\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
    shown = inert_page(related)
    assert '<img src="data:image/png;base64,iVBORw0KGgo=" alt="Logo">' in shown
    assert "[picture not loaded: Pixel]" in shown
    assert "t.example" not in shown


def test_a_picture_shown_ten_thousand_times_is_not_sent_ten_thousand_times():
    picture = "data:image/png;base64," + "iVBORw0KGgo=" * 80_000
    shown = inert_html("<img src='cid:logo@x' alt='Logo'>" * 10_000, {"logo@x": picture})

    assert 1 < shown.count(picture) < 10
    assert shown.count("[picture not loaded: Logo]") + shown.count(picture) == 10_000


def test_a_sloppy_newsletter_is_shown_as_it_looks():
    row = "<tr><td><font color=red><center><b>Item</font></td><td><span>x<div>y</span></td></center>"
    page = inert_page(mail(f"<table>{row * 1_000}</table>"))

    assert page.count("Item") == 1_000
    assert "<pre>" not in page


def test_a_sender_cannot_forge_our_own_remarks():
    shown = inert_html('<span class="unhook-address">[hxxps://mail[.]example[.]org]</span>', {})
    assert "unhook-address" not in shown


def test_mail_without_html_is_shown_as_text():
    page = inert_page(b"Subject: x\r\nContent-Type: text/plain\r\n\r\n<b>2 < 3</b> & more\r\n")
    assert "<pre>&lt;b&gt;2 &lt; 3&lt;/b&gt; &amp; more" in page


@pytest.mark.parametrize("raw", [b"", b"\x00\xff\xfe", b"Subject: x", b"Content-Type: text/html\r\n\r\n", b"\r\n\r\n"])
def test_an_empty_or_broken_mail_has_a_page(raw):
    assert inert_page(raw).startswith("<!doctype html>")


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 30_000 + "x",
        "<div>" + "".join(f"<font color={n}>" for n in range(280)) + "</div>" + "<p>x" * 30_000,
        "<a href=x>" * 40_000,
        "<table><tr><td>" * 10_000,
        "<p " + " ".join(f"a{n}=1" for n in range(60_000)) + ">",
        "<" * 500_000,
        ">" * 500_000,
        "&" * 500_000,
        "&#" * 250_000,
        "&;" * 250_000,
        "& a" * 160_000,
        f'<a href="https://evil.example/{"&" * 400_000}">x</a>',
        "<!--" * 125_000,
        "<![CDATA[" * 55_000,
        "]]>" * 160_000,
        "<b>x</b>" * 60_000,
        "<br>" * 120_000,
        "&amp;" * 100_000,
        "<div></nothing>" * 33_000,
        "<span><div></span></div>" * 20_000,
        "<div><table></div></table>" * 19_000,
        "<frameset>" + "<div></nothing>" * 33_000,
        "<template>" + "<div></nothing>" * 33_000,
        "<svg><template>" + "<div></nothing>" * 33_000,
        "<noscript>" + "<div></nothing>" * 33_000,
        "<select>" + "<div></nothing>" * 33_000,
        "<head><title></title></head><object>" + "<div></nothing>" * 33_000,
    ],
)
def test_no_markup_costs_more_than_it_is_worth(html, handed_on):
    page = inert_page(mail(html))
    assert len(page) < 3_000_000
    for signs, one in zip((100_000, 400_000), handed_on, strict=False):  # as it came, and with what rewriting adds
        assert sum(map(one.count, "&<>")) <= signs
        tree = HTMLTree.parse(one).document
        assert len(tree.query_selector_all("*")) <= 100_000
        assert tree.query_selector(">".join("*" * 310)) is None


@pytest.fixture
def handed_on(monkeypatch) -> list[str]:
    """What the sanitiser is given, which costs the square of some of it."""
    given: list[str] = []
    clean = inert.nh3.clean

    def noting(html, **how):
        given.append(html)
        return clean(html, **how)

    monkeypatch.setattr(inert.nh3, "clean", noting)
    return given


def test_as_many_signs_as_a_large_newsletter_has_are_no_reason_to_show_its_source():
    page = inert_page(mail("<p><a href='https://shop.example/?a=1&amp;b=2'>1 &lt; 2 &nbsp; &euro;</a></p>" * 5_000))
    assert page.count("1 &lt; 2") == 5_000
    assert "<pre>" not in page


@pytest.mark.parametrize("depth", [50, 2000])
def test_nested_parts_end(depth):
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    assert inert_page(head + b"Content-Type: text/html\r\n\r\n<p>hi")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ex.example/a.b?c=d.e", "hxxps://ex[.]example/a.b?c=d.e"),
        ("HTTP://EX.example", "hxxp://EX[.]example"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("mailto:ana@example.org", "mailto[:]ana@example[.]org"),
        ("ex.example/path", "ex[.]example/path"),
        ("for: sign in at ex.example", "for: sign in at ex[.]example"),
        ("javascript:\talert(1)", "javascript[:]alert(1)"),
        ("http://a\r\nb.example", "hxxp://ab[.]example"),
        ("", ""),
    ],
)
def test_a_defanged_address_leads_nowhere(address, shown):
    assert defang(address) == shown
