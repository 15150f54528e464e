"""Axe: what do axe-core's rules find on a page, light and dark, wide and narrow?"""

from pathlib import Path

from playwright.sync_api import Page

CORE = Path(__file__).parents[2] / "addin/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = "tags => axe.run({runOnly: tags, rules: {'target-size': {enabled: true}}})"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 700}
# Colours are the same in each language; what differs is how long its words are, which shows where there is little room.
LOOKS = {
    "en": [("light", WIDE), ("light", NARROW), ("dark", WIDE), ("dark", NARROW)],
    "de": [("light", NARROW)],
}
# Of a browser that axe is put into: the pages' strict policy would keep it out, and what moves has no colour yet.
OPEN_TO_AXE = {"bypass_csp": True, "reduced_motion": "reduce"}


def hindrances(page: Page, language: str) -> dict[tuple, list[str]]:
    """What keeps somebody from using the page that is open, by the look in which it does; what folds is unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.add_script_tag(path=CORE)
    wrong: dict[tuple, list[str]] = {}
    for scheme, size in LOOKS[language]:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        if problems := _said(page.evaluate(ASK, TAGS)):
            wrong[scheme, size["width"]] = problems
        too_wide = page.evaluate("document.documentElement.scrollWidth") - size["width"]
        if too_wide > 0:
            wrong[scheme, size["width"], "too wide"] = [str(too_wide)]
    return wrong


def _said(found: dict) -> list[str]:
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]
