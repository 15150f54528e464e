"""Looks: what can be checked of a page without eyes. Contrast, names for everything, one heading on top."""

import re
from pathlib import Path

import pytest
from seeded import seed_failure, seed_message
from test_hostile import Seen

from backend.web import scale
from backend.web.scale import pictures
from backend.web.spelled import ago, percent, signed
from backend.web.words import action
from model.lift import MAX_LIFT

CSS = Path(__file__).parents[2] / "backend/web/static/unhook.css"
TEXT_ON = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("page", "surface", "sunken")]
TEXT_ON += [("accent-ink", "accent"), ("accent", "accent-soft"), ("ink", "accent-soft"), ("soft", "accent-soft")]
KINDS = ("malicious", "suspicious", "spoof", "spam", "bulk", "none")
TEXT_ON += [(kind, f"{kind}-soft") for kind in KINDS]
TEXT_ON += [(ink, f"{zone}-soft") for ink in ("ink", "soft") for zone in ("none", "suspicious", "malicious")]
LINES_ON = [("strong-line", "surface"), ("focus", "surface"), ("focus", "page"), *[(kind, "surface") for kind in KINDS]]


def tokens(scheme: str) -> dict[str, str]:
    css = CSS.read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {name: light if scheme == "light" else dark for name, light, dark in pairs}


def brightness(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dim, bright = sorted((brightness(one), brightness(other)))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(scheme):
    known = tokens(scheme)
    weak = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in TEXT_ON}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_of_fields_and_the_focus_can_be_seen(scheme):
    known = tokens(scheme)
    weak = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in LINES_ON}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


@pytest.fixture
def addresses(world) -> list[str]:
    message_id = seed_message(world, retracted=True, to_judge=True).message_id
    seed_failure(world)
    return [
        "/queue",
        "/queue?tab=failed",
        "/queue?tab=all&disposition=MALICIOUS",
        "/search?q=mailbox",
        "/search?q=colour:red",
        "/look",
        f"/messages/{message_id}",
        "/log",
        "/settings",
        "/overview",
        "/me",
        "/messages/99999",
    ]


def test_everything_on_a_page_has_a_name(owner, addresses):
    for address in addresses:
        page = owner.get(address).text
        seen = Seen(page).elements
        labelled = {a["for"] for tag, a in seen if tag == "label" and "for" in a}
        wrapped = re.findall(r"<label[^>]*>\s*<input[^>]*>", page)
        for tag, a in seen:
            if tag in {"select", "textarea"} or (
                tag == "input" and a.get("type") not in {"hidden", "checkbox", "radio"}
            ):
                assert a.get("id") in labelled, (address, a)
        ticks = [a for tag, a in seen if tag == "input" and a.get("type") in {"checkbox", "radio"}]
        assert len(wrapped) == len(ticks), address
        assert [tag for tag, _ in seen].count("h1") == 1, address
        assert [tag for tag, _ in seen].count("main") == 1
        assert all("title" in a for tag, a in seen if tag == "iframe")
        assert all(a.get("scope") for tag, a in seen if tag == "th"), address


def test_no_identifier_stands_twice_on_a_page(owner, addresses):
    for address in addresses:
        ids = [a["id"] for _, a in Seen(owner.get(address).text).elements if "id" in a]
        assert len(ids) == len(set(ids)), address


def test_the_bound_on_the_scale_is_the_networks_own():
    assert scale.MAX_LIFT == MAX_LIFT


@pytest.mark.parametrize("base", [-40.0, -7.0, -2.6, -1.0, -0.05, 0.0, 2.2, 9.0, 300.0])
@pytest.mark.parametrize("lifted", [0.0, 0.02, 1.0, 2.5])
def test_every_margin_has_its_place_inside_the_picture(base, lifted):
    for picture in pictures(base, base + lifted, 1.0):
        assert 0 < picture.base.x <= picture.final.x < picture.width
        assert picture.base.x <= picture.reach < picture.width
        assert 0 < picture.band < picture.zero < picture.width
        assert (picture.final.x >= picture.zero) == (base + lifted >= 0)
        for mark, label in zip((picture.base, picture.final), picture.labels, strict=True):
            width = len(f"{label} +0.0") * 6.4
            left = mark.label_x if mark.anchor == "start" else mark.label_x - width
            assert left >= 0
            assert left + width <= picture.width
            on_the_line = abs(mark.x - picture.zero) < 8
            assert on_the_line or not left < picture.zero < left + width, "the threshold's line cuts a label"


def test_numbers_are_written_for_people(world):
    assert [signed(n) for n in (1.25, -0.4, 0.01, -0.01, 0.0)] == ["+1.2", "−0.4", "0.0", "0.0", "0.0"]
    assert [percent(p) for p in (0.9505, 0.94999, 1.0, 0.0)] == ["95\u00a0%", "94.9\u00a0%", "100\u00a0%", "0\u00a0%"]
    now = world.services.now()
    assert ago(now, now) == "just now"
    assert [action(a, "gmail") for a in ("trash", "soft-delete", "no-action")] == ["Trash", "Soft delete", "No action"]


def test_htmx_comes_with_its_licence():
    vendor = CSS.parent / "vendor"
    assert "Zero-Clause BSD" in (vendor / "htmx.LICENSE.txt").read_text()
    assert 'version:"2.' in (vendor / "htmx.min.js").read_text()
