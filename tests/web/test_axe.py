"""Axe: can everybody use every page, light and dark, wide and narrow? Asked of Chromium, with axe-core's rules."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from axe import LOOKS, OPEN_TO_AXE, hindrances
from builders import World, make_services, seed_tenant
from pages import NO_PAGES, PAGES, Page, seed_all
from playwright.sync_api import Browser, BrowserContext, expect
from serving import serving

from backend.app import create_app
from backend.domain.people import Role
from backend.store.database import open_database


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
    with serving(create_app(world.services)) as address:
        yield Site(address, world, ids)
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
    """A browser of theirs."""
    window = chromium.new_context(base_url=site.address, **OPEN_TO_AXE)
    page = window.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"password of {name}")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    page.close()
    yield window
    window.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.address)
def test_everybody_can_use_every_page(chromium, site, owner_window, shown: Page, language: str):
    page = owner_window.new_page() if shown.signed_in else chromium.new_page(base_url=site.address, **OPEN_TO_AXE)
    page.set_extra_http_headers({"Accept-Language": language})
    answer = page.goto(shown.address.format(**site.ids))
    assert answer is not None
    assert answer.status == shown.answers
    assert page.locator("html").get_attribute("lang") == language
    wrong = hindrances(page, language)
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
    here = app.url_map.bind("localhost")
    addresses = [re.sub(r"\{\w+\}", "1", shown.address.partition("?")[0]) for shown in PAGES]
    listed = {here.match(address, return_rule=True)[0].rule for address in addresses}
    unlisted = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.")
        and "GET" in (rule.methods or ())
        and rule.endpoint not in NO_PAGES
        and rule.rule not in listed
    ]
    assert unlisted == []
