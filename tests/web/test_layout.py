"""In a browser: does what belongs on one line stand on it, and is no room left over?"""

import pytest
from windows import signed_in

from backend.flow import overview


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_of_the_menu_stands_in_one_line_of_1280_pixels(chromium, site, world, language):
    with signed_in(chromium, site, world.owner.name) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.set_extra_http_headers({"Accept-Language": language})
        page.goto("/account")
        tops = "links => [...new Set(links.map(link => link.getBoundingClientRect().top))].length"
        links = page.locator(".bar nav a")
        assert links.count() == 11
        assert links.evaluate_all(tops) == 1


@pytest.mark.browser
def test_the_overview_ends_with_both_halves_filled(chromium, site, world):
    overview.count(world.services, world.tenant_id)
    with signed_in(chromium, site, world.owner.name) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/overview")
        ends = "panels => panels.map(panel => Math.round(panel.getBoundingClientRect().bottom))"
        accuracy, _, margins = page.locator(".two > .panel").evaluate_all(ends)[-3:]
        assert accuracy == margins
