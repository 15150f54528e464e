"""Links: are they what a browser would open, with the wrappers off?"""

import base64
from urllib.parse import quote

import pytest
from ada_url import URL
from hypothesis import given
from hypothesis import strategies as st
from mail_builders import html_mail, mail

from model.message.links import _normal
from model.message.parse import parse_message
from model.message.unwrap import DEEPEST

TARGET = "https://hidden.example/pay?id=1&x=2"


def links(body):
    return parse_message(html_mail(body)).links


def link(address):
    return links(f"<a href='{address}'>x</a>")[0]


ENCODED = quote(TARGET, safe="")


@pytest.mark.parametrize(
    "wrapped",
    [
        f"https://nam02.safelinks.protection.outlook.com/?url={ENCODED}&data=05",
        f"https://gcc02.safelinks.protection.office365.us/?url={ENCODED}",
        f"https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url={ENCODED}",
        f"https://urldefense.proofpoint.com/v1/url?u={ENCODED}&k=abc",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__hidden.example_pay-3Fid-3D1-26x-3D2&d=x",
        "https://urldefense.com/v3/__https://hidden.example/pay?id=1&x=2__;!!abc!xyz$",
        "https://urldefense.com/v3/__https:/hidden.example/pay?id=1*x=2__;Jg!!abc!xyz$",
        f"https://www.google.com/url?sa=t&url={ENCODED}",
        f"https://www.google.co.uk/url?q={ENCODED}",
        f"https://linkprotect.cudasvc.com/url?a={ENCODED}&c=E",
        f"https://secure-web.cisco.com/1aB-c/{ENCODED}",
        f"https://clicktime.symantec.com/3abc?u={ENCODED}",
        f"https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url={ENCODED}&umid=1",
        f"https://eu-west-1.protection.sophos.com/?d=x&u={base64.b64encode(TARGET.encode()).decode()}&i=1",
    ],
)
def test_every_wrapper_we_know_comes_off(wrapped):
    found = link(wrapped.replace("&", "&amp;"))

    assert found.url == TARGET
    assert found.domain == "hidden.example"
    assert len(found.chain) == 1


def test_a_run_of_hidden_characters_is_put_back():
    hidden = base64.urlsafe_b64encode("äöü".encode()).decode().rstrip("=")
    found = link(f"https://urldefense.com/v3/__https://hidden.example/**B__;{hidden}!!x!y$")

    assert found.host == "hidden.example"
    assert len(found.chain) == 1


@pytest.mark.parametrize(
    "address",
    [
        f"https://safelinks.protection.outlook.com.hidden.example/?url={quote('https://bank.example/', safe='')}",
        f"https://google.com.hidden.example/url?q={quote('https://bank.example/', safe='')}",
        f"https://hidden.example/url?q={quote('https://bank.example/', safe='')}",
        "https://evil-urldefense.com/v3/__https://bank.example/__;!!x!y$",
    ],
)
def test_a_host_that_only_looks_like_a_wrapper_keeps_its_name(address):
    assert link(address).chain == ()
    assert link(address).host != "bank.example"


def wrapped_times(times):
    address = TARGET
    for _ in range(times):
        address = f"https://a.safelinks.protection.outlook.com/?url={quote(address, safe='')}"
    return address


def test_wrappers_come_off_only_so_often():
    assert link(wrapped_times(DEEPEST)).url == TARGET
    assert link(wrapped_times(DEEPEST + 1)).host == "a.safelinks.protection.outlook.com"


@pytest.mark.parametrize(
    ("address", "url", "domain"),
    [
        ("HTTPS://Hidden.EXAMPLE:443/a/../b", "https://hidden.example/b", "hidden.example"),
        ("http://3221225985/", "http://192.0.2.1/", "192.0.2.1"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/", "[2001:db8::1]"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("https://a.b.hidden.co.uk/x", "https://a.b.hidden.co.uk/x", "hidden.co.uk"),
        ("https://evil.github.io/x", "https://evil.github.io/x", "evil.github.io"),
        ("mailto:Bo@Sender.example?subject=x", "mailto:bo@sender.example", "sender.example"),
        ("javascript:alert(1)", "javascript:alert(1)", ""),
        ("www.hidden.example/x", "http://www.hidden.example/x", "hidden.example"),
        ("file://server.hidden.example/share/x", "file://server.hidden.example/share/x", "hidden.example"),
        ("http://exa mple/", "http://exa mple/", ""),
    ],
)
def test_addresses_are_read_as_browsers_read_them(address, url, domain):
    assert (link(address).url, link(address).domain) == (url, domain)


@pytest.mark.parametrize("address", ["#top", "cid:picture", "tel:+15550100", "", "page.html", "about:blank"])
def test_what_leads_nowhere_is_no_link(address):
    assert links(f"<a href='{address}'>x</a>") == ()


_piece = st.text(alphabet="abcXYZ019-._~%/?#&=+:@!$'();*, \\é", max_size=12)


@given(st.sampled_from(["http://", "https://"]), st.text(alphabet="abcx019-.", max_size=14), _piece, _piece)
def test_the_short_way_through_normalising_agrees_with_the_library(scheme, host, one, other):
    address = f"{scheme}{host}.example{one}/{other}"
    try:
        parsed = URL(address)
        expected = (parsed.href, parsed.hostname.rstrip("."))
    except ValueError:
        expected = ("", "")

    assert _normal(address) == expected


def test_the_text_of_a_link_is_kept_even_if_it_names_another_address():
    found = links("<a href='https://hidden.example/'>https://bank.example/login</a>")

    assert [(one.url, one.text) for one in found] == [("https://hidden.example/", "https://bank.example/login")]


def test_a_picture_behind_a_link_gives_it_its_text():
    assert links("<a href='https://hidden.example/' title='Log in'><img src='cid:x'></a>")[0].text == "Log in"


def test_the_same_link_twice_is_kept_once():
    assert len(links("<a href='https://hidden.example/'>x</a><a href='https://hidden.example/'>x</a>")) == 1


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://hidden.example/a.", "https://hidden.example/a"),
        ("(https://hidden.example/a_(b))", "https://hidden.example/a_(b)"),
        ("<https://hidden.example/a>", "https://hidden.example/a"),
        ("www.hidden.example, now", "http://www.hidden.example/"),
        ("見て https://hidden.example/a。", "https://hidden.example/a"),
    ],
)
def test_addresses_in_plain_text_end_where_the_sentence_goes_on(text, url):
    assert [one.url for one in parse_message(mail(text)).links] == [url]
