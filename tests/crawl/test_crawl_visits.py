"""Visits: where a link leads is followed within limits, and what the page asks for is seen."""

import pytest
from crawled_site import SIGN_IN, Site

from backend.crawl.guard import Guard
from backend.crawl.process import follow
from backend.crawl.visit import MOST_HOPS, Limits, visit
from model.modules.landing import read_page

HERE = ("127.0.0.0/8",)


def went(site: Site, path: str, seconds: float = 2.0):
    return visit(site.url(path), Guard(HERE), Limits(seconds))


def test_a_sign_in_page_is_recognised(site: Site):
    landing = went(site, "/sign-in")
    assert (landing.outcome, landing.password, landing.brand) == ("reached", True, "microsoft")
    assert len(landing.kit) == 64


def test_redirects_and_refreshes_are_followed_to_the_page(site: Site):
    site.moves["/a"] = "/b"
    site.pages["/b"] = '<meta http-equiv="refresh" content="0; url=/sign-in">'
    assert went(site, "/a").password
    assert site.asked == ["/a", "/b", "/sign-in"]


def test_a_host_too_long_to_have_an_address_hides_neither_its_page_nor_the_next(site: Site):
    far = "a." * 500 + "example"
    site.pages["/far"] = f'<form action="https://{far}/"><input type="password" name="p"></form>'
    first, second = follow([site.url("/far"), site.url("/sign-in")], 20, HERE)

    assert (first.outcome, first.password) == ("reached", True)
    assert first.sends_to == far[:253]
    assert second.password


def test_no_cookie_and_no_referrer_are_sent(site: Site):
    site.pages["/first"] = '<meta http-equiv="refresh" content="0; url=/news">'
    went(site, "/first")
    assert not {"cookie", "referer", "authorization"} & {name for sent in site.headers for name in sent}


def test_a_circle_ends(site: Site):
    site.moves |= {"/a": "/b", "/b": "/a"}
    assert went(site, "/a").outcome == "too-many-hops"


def test_a_long_way_ends(site: Site):
    site.moves |= {f"/{number}": f"/{number + 1}" for number in range(50)}
    assert went(site, "/0").outcome == "too-many-hops"
    assert len(site.asked) == MOST_HOPS + 1


@pytest.mark.parametrize(("path", "outcome"), [("/huge", "too-long"), ("/file", "no-page"), ("/nothing", "no-page")])
def test_what_is_no_page_has_its_outcome(site: Site, path, outcome):
    assert went(site, path).outcome == outcome


def test_what_unpacks_to_much_is_not_unpacked_to_its_end(site: Site):
    assert went(site, "/bomb").outcome == "reached"


def test_a_server_that_keeps_silent_is_left(site: Site):
    assert went(site, "/slow", 0.05).outcome == "unreachable"


def test_nobody_at_home_is_unreachable():
    assert visit("http://127.0.0.1:9/", Guard(HERE), Limits(0.5)).outcome == "unreachable"


def test_a_process_follows_each_link_and_says_what_it_found(site: Site):
    found = follow([site.url("/sign-in"), site.url("/nothing"), "http://10.0.0.1/"], 20, HERE)
    assert [landing.outcome for landing in found] == ["reached", "no-page", "refused"]
    assert found[0].brand == "microsoft"


def test_links_for_which_the_time_was_too_short_are_unreachable(site: Site):
    found = follow([site.url("/news"), site.url("/slow"), site.url("/sign-in")], 8, HERE)
    assert [landing.outcome for landing in found] == ["reached", "unreachable", "unreachable"]


def test_the_process_has_no_environment_of_ours(site: Site, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert follow([site.url("/news")], 20, HERE)[0].outcome == "reached"


def test_a_form_that_sends_secrets_elsewhere_is_noticed():
    page = read_page(SIGN_IN.replace('"/post"', '"https://collect.attacker.test/x"'), "https://login.example.test/a")
    assert page.sends_to == "collect.attacker.test"


def test_a_brands_own_page_carries_its_name_rightly():
    assert read_page(SIGN_IN, "https://login.microsoftonline.com/common").brand == ""


def test_the_same_kit_elsewhere_is_the_same_kit():
    moved = SIGN_IN.replace("Microsoft account", "Outlook").replace("/k/", "https://other.test/assets/")
    assert read_page(moved, "https://b.test/x").kit == read_page(SIGN_IN, "https://a.test/y").kit
    changed = SIGN_IN.replace('name="pass"', 'name="secret"')
    assert read_page(changed, "https://a.test/y").kit != read_page(SIGN_IN, "https://a.test/y").kit


@pytest.mark.parametrize(
    "source", ["", "<", "<form action='http://[::1'><input type=password>", "<div " * 5_000, "\x00" * 50]
)
def test_markup_that_is_none_is_no_exception(source):
    assert read_page(source, "http://[broken/").kit == ""


def test_a_page_built_of_little_has_no_kit():
    assert read_page('<form><input type="password" name="p"></form>', "https://a.test/").kit == ""
