"""Short cuts: does the quick way find exactly what the thorough way finds?"""

import html
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail_builders import html_mail, mail

from model.message import addresses, authentication, headers, hidden, links, source
from model.message.caps import Defects
from model.message.entities import unescaped
from model.message.parse import parse_message
from model.message.search import matches


def made_of(*pieces):
    return st.lists(st.sampled_from(pieces), max_size=25).map(
        lambda chosen: chosen[0][:0].join(chosen) if chosen else ""
    )


@pytest.mark.parametrize(
    "written",
    [
        "Mon, 01 Jun 2026 10:00:00 +0200",
        "1 Jun 2026 10:00:00 -0730",
        "Mon, 1 Jun 2026 10:00:00 GMT",
        "Thu, 31 Dec 2020 23:59:59 -0000 (UTC)",
        "Sun,  5 Jan 2003 00:00:00 +1400",
    ],
)
def test_a_date_written_as_usual_is_what_the_library_says(written):
    moment = parsedate_to_datetime(written)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    assert headers._usual_date(written) == aware.astimezone(UTC).isoformat()


@pytest.mark.parametrize("written", ["Mon, 31 Feb 2026 10:00:00 +0200", "1 Juni 2026 10:00:00 +0200", "Mon, 1 Jun 26"])
def test_any_other_date_is_left_to_the_library(written):
    assert headers._usual_date(written) == ""


@given(
    made_of(
        "&", "amp", ";", "nbsp", "&nbsp;", "&amp;", "&lt", "#", "x", "41", "65", "copy", "=1", " ", "<", "&sect", "b"
    )
)
def test_references_are_read_as_the_library_reads_them(text):
    assert unescaped(text) == html.unescape(text)


@given(
    made_of(
        "http",
        "HTTPS",
        "ftp",
        "s:",
        "://",
        ":/",
        "\\",
        "a.example/",
        "&amp;",
        "&quot;",
        "&nbsp;",
        "&colon;",
        "&#58;",
        "&#x2F",
        "&#116;",
        "&#1;",
        "&#8199;",
        "&",
        " ",
        '"',
        "sect",
        ")",
    )
)
def test_addresses_with_references_are_those_of_the_source_once_read(text):
    read = html.unescape(text)

    found = [links._trimmed(address) for address in links._unusual(read)]
    assert list(dict.fromkeys(links.addresses_in_source(text))) == list(dict.fromkeys(found))


@given(made_of("http", "HTTP", "ftp", "s", "://", ":/", ":\\", "/", "a.example", " ", '"', "?u="))
@example("http://a.example?u=https://b.example ftp://c.example?u=http://d.example")
def test_addresses_in_usual_markup_are_those_of_the_thorough_search(text):
    assert list(links._addresses(text)) == list(links._unusual(text))


@given(made_of("hidden", " ", "\n", "=", ">", "/", "a", "-"))
def test_the_attribute_that_hides_is_found_wherever_it_stands(text):
    assert bool(hidden._HIDDEN_ATTRIBUTE.search(text)) == bool(re.search(r"\shidden[\s=>/]", text))


@pytest.mark.parametrize("name", ["refresh", "Refresh", "&#114;efresh", "re&#x46;resh"])
def test_a_page_that_leads_on_by_itself_is_noticed_however_it_is_written(name):
    body = f"<meta http-equiv='{name}' content='0; url=https://a.example/x'>hello"

    assert [link.place for link in parse_message(html_mail(body)).links] == ["meta-refresh"]


@pytest.mark.parametrize(
    "style", ["background: url(//a.example/x)", "background: URL( '//a.example/x' ); b: url(//b.c/)"]
)
def test_a_background_is_found_in_any_case_of_letters(style):
    found = [
        link.url for link in parse_message(html_mail(f'<p style="{style}">hello</p>')).links if link.place == "css"
    ]

    assert found[0] == "https://a.example/x"


@given(made_of("://", ":", "/", "a", " ", "b."))
def test_a_search_from_literal_to_literal_finds_what_finditer_finds(text):
    pattern = links._AFTER_SLASHES

    assert [m.span() for m in matches(pattern, "://", text)] == [m.span() for m in pattern.finditer(text)]


@given(
    made_of(
        b"From: a\r\n",
        b"X-Y:z\n",
        b" folded\r\n",
        b"\tfolded\n",
        b"A : b\n",
        b"\r",
        b"no colon\n",
        b": x\n",
        b"\n",
        b"\r\n",
        b"\xe4: b\n",
        b"T: c\r\r\n",
    )
)
@example(b"From: a\r\n\tb\r\n  c\r\nX-Y:z\nX-Y: \r\n\r\nbody")
def test_headers_are_those_of_the_slow_reading(raw):
    raw = raw or b""
    quick, quick_body = source._header_block(raw, Defects())
    slow, slow_body = source._odd_block(raw, Defects())

    assert quick.names == slow.names
    assert [source.unfolded(v) for v in quick.values] == [source.unfolded(v) for v in slow.values]
    assert quick_body == slow_body


@given(made_of("Ana", " ", '"B, o"', "<a@b.example>", "c@d.example", ",", "<", ">", "@", "\\", "(x)", ";", ":"))
@example('Ana <a@b.example>, c@d.example , "B, o" <a@b.example>')
def test_mailboxes_are_those_of_the_thorough_reading(value):
    entries = [addresses._mailbox(entry, Defects()) for entry in addresses._entries(value)]

    assert addresses.read_addresses([value], Defects()) == tuple(addresses._joined(entries, Defects()))


def test_two_mailboxes_written_as_usual_need_no_thorough_reading():
    found = addresses._usual('Ana <a@b.example>, c@d.example,"B, o" <e@f.example>')

    assert [(a.name, a.address) for a in found] == [
        ("Ana", "a@b.example"),
        ("", "c@d.example"),
        ("B, o", "e@f.example"),
    ]


@given(made_of("spf=pass", "(", ")", ";", " ", "x", "((", "))"))
def test_comments_without_quotes_come_out_as_with_them(value):
    thorough = authentication._without_comments('""' + value)

    assert authentication._without_comments(value).split() == thorough.removeprefix('""').split()


def test_a_name_of_sixty_thousand_spaces_is_read_at_once():
    facts = parse_message(mail(From="a" + " " * 60_000 + "b"))

    assert [defect.code for defect in facts.defects] == ["address-malformed", "from-missing"]


def test_a_style_in_a_confusing_place_still_hides():
    body = "<p title='style=\"'><span style='display:none'>unseen</span><i style=\"Display : None\">unseen</i>seen</p>"

    assert parse_message(html_mail(body)).text == "seen"
    assert parse_message(html_mail("<b style='display&#58;none'>unseen</b>seen")).text == "seen"


@given(st.lists(made_of("opacity", "display", "font", "-size", ":", " ", "0", ".", "none", "1px", "7"), max_size=5))
def test_styles_searched_together_hide_in_the_ways_of_each(styles):
    alone = {found.group() for style in styles for _, trick in hidden._TRICKS for found in trick.finditer(style)}

    assert set(hidden._selectors(styles)) == {f'[style*="{way}" i]' for way in alone}


def test_of_more_ways_to_hide_than_are_looked_for_it_is_always_the_first_that_count():
    source = "".join(f"<i style='text-indent:-{number}px'>x</i>" for number in range(1_000, 1_050))

    looked_for = list(hidden._selectors(hidden._inline_styles(source)))
    assert looked_for == [f'[style*="text-indent:-{number}" i]' for number in range(1_000, 1_030)]


def test_letters_that_grow_in_lower_case_move_no_comment():
    body = "<p>" + "\u0130" * 60 + "</p><!-- <a href=https://hidden.example/x> --><p>here</p>"

    assert [(link.url, link.place) for link in parse_message(html_mail(body)).links] == [
        ("https://hidden.example/x", "comment")
    ]


def test_links_within_links_are_read_once_in_a_crowd():
    body = "<svg>" + "<a href='https://h.example/'>x" * 30
    texts = {link.text for link in parse_message(html_mail(body)).links if link.place == "a"}

    assert texts == {"", "x"}
