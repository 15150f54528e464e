"""Axe: can everybody use every page, light and dark, wide and narrow? Asked of Chromium, with axe-core's rules."""

import contextlib
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from builders import World, make_services, seed_tenant
from pages import NO_PAGES, PAGES, Page, seed_all
from playwright.sync_api import Browser, BrowserContext, expect
from werkzeug.serving import make_server

from backend.app import create_app
from backend.domain.people import Role
from backend.store.database import open_database

AXE = Path(__file__).parents[2] / "addin/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = "tags => axe.run({runOnly: tags, rules: {'target-size': {enabled: true}}})"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 700}
# Colours are the same in each language; what differs is how long its words are, which shows where there is little room.
LOOKS = {
    "en": [("light", WIDE), ("light", NARROW), ("dark", WIDE), ("dark", NARROW)],
    "de": [("light", NARROW)],
}


@dataclass(frozen=True)
class Site:
    """A running site that has something of everything, so that no page is empty."""

    address: str
    world: World
    ids: dict[str, int]


@pytest.fixture(scope="module")
def site(tmp_path_factory, sqlite_template) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(sqlite_template, folder / "unhook.db")
    database = open_database(f"sqlite:///{folder / 'unhook.db'}")
    world = seed_tenant(make_services(folder, database, sign_ins_per_minute=1000))
    ids = seed_all(world)
    server = make_server("127.0.0.1", 0, create_app(world.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", world, ids)
    server.shutdown()
    thread.join()
    server.server_close()
    database.close()


@pytest.fixture(scope="module")
def owner_window(chromium, site) -> Iterator[BrowserContext]:
    with signed_in(chromium, site, site.world.owner.name) as window:
        yield window


@pytest.fixture
def somebody(chromium, site) -> Iterator[BrowserContext]:
    """Another analyst, whose preferences may change."""
    operator = site.world.operator(Role.ANALYST, f"reader {next(_numbers)}")
    with signed_in(chromium, site, operator.name) as window:
        yield window


_numbers = count(1)


@contextlib.contextmanager
def signed_in(chromium: Browser, site: Site, name: str) -> Iterator[BrowserContext]:
    """A browser of theirs. The strict policy would keep axe out, so it is put in past it."""
    window = chromium.new_context(base_url=site.address, bypass_csp=True, reduced_motion="reduce")
    page = window.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"password of {name}")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    page.close()
    yield window
    window.close()


def said(found: dict) -> list[str]:
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.browser
@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.address)
def test_everybody_can_use_every_page(chromium, site, owner_window, shown: Page, language: str):
    if shown.signed_in:
        page = owner_window.new_page()
    else:
        page = chromium.new_page(base_url=site.address, bypass_csp=True, reduced_motion="reduce")
    page.set_extra_http_headers({"Accept-Language": language})
    answer = page.goto(shown.address.format(**site.ids))
    assert answer is not None
    assert answer.status == shown.answers
    assert page.locator("html").get_attribute("lang") == language
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.add_script_tag(path=AXE)

    wrong = {}
    for scheme, size in LOOKS[language]:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        if problems := said(page.evaluate(ASK, TAGS)):
            wrong[scheme, size["width"]] = problems
        too_wide = page.evaluate("document.documentElement.scrollWidth") - size["width"]
        if too_wide > 0:
            wrong[scheme, size["width"], "too wide"] = [str(too_wide)]
    page.close()
    assert wrong == {}


@pytest.mark.browser
def test_an_operators_theme_stands_against_the_devices(somebody):
    page = somebody.new_page()
    page.emulate_media(color_scheme="light")
    page.goto("/me")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(13, 20, 19)"


@pytest.mark.browser
def test_the_browser_tells_its_time_zone_and_the_page_uses_it(chromium, site):
    page = chromium.new_page(base_url=site.address, timezone_id="Asia/Tokyo")
    page.goto("/sign-in")
    assert {"unhook_zone": "Asia/Tokyo"}.items() <= {
        one["name"]: one["value"] for one in page.context.cookies()
    }.items()
    page.close()


@pytest.mark.browser
def test_what_has_the_focus_shows_it_and_nothing_moves_for_those_who_asked(owner_window):
    page = owner_window.new_page()
    page.goto("/settings/auto-retract")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = "(({outlineWidth: w, outlineStyle: s}) => [s, parseFloat(w)])(getComputedStyle(document.activeElement))"
        kind, width = page.evaluate(style)
        assert (kind, width >= 2) == ("solid", True), page.evaluate("document.activeElement.outerHTML")
    moving = "document.getAnimations().filter(one => one.effect.getTiming().duration > 10).length"
    assert page.evaluate(moving) == 0
    page.close()


def test_no_page_is_missing_from_the_list(app):
    listed = {re.sub(r"\{\w+\}|999999", "0", shown.address.split("?")[0]) for shown in PAGES}
    unlisted = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.")
        and "GET" in (rule.methods or ())
        and rule.endpoint not in NO_PAGES
        and re.sub(r"<[^>]+>", "0", rule.rule) not in listed
    ]
    assert unlisted == []
