"""Agents: a session says which browser on which system it is, and what nobody knows stays as it was sent."""

import pytest
from browser import Browser, words_of

from backend.web.agents import agent

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"{MOZILLA} (Windows NT 10.0; Win64; x64)"
MAC = f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = f"{MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
LINUX_FIREFOX = f"{MOZILLA} (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (LINUX_FIREFOX, "Firefox on Linux"),
        (f"{WINDOWS} {WEBKIT} Chrome/139.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} {WEBKIT} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} {WEBKIT} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
        (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iOS"),
        (f"{IPHONE} CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1", "Chrome on iOS"),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/139.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/139.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.14.1", ""),
        ("Firefox/141.0", ""),
        ("", ""),
    ],
)
def test_browser_and_system_are_said_in_words(app, header, said):
    with app.test_request_context():
        assert agent(header) == said


def test_the_account_page_says_it_in_words_and_keeps_what_was_sent(app, world):
    browser = Browser(app)
    for header in (LINUX_FIREFOX, "<b>odd</b> Firefox on Linux", "tool/1"):
        browser.client.environ_base["HTTP_USER_AGENT"] = header
        browser.sign_in(world.owner.name)
    page = browser.page("/account")
    assert "<summary>Firefox on Linux</summary>" in page
    assert LINUX_FIREFOX in words_of(page)
    assert "tool/1" in words_of(page)
    assert "<b>odd" not in page
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert "Firefox unter Linux" in browser.text("/account")
