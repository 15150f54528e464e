"""A campaign's page offers what it may have to be merged into; nobody has to know a number."""

import re

import pytest
from browser import Browser
from builders import World, seed_tenant
from seeded import facts, seed_message

from backend.app import create_app
from backend.domain.people import Role
from backend.store import campaigns, messages, traits
from model.modules.campaigns import bands, minhash
from model.modules.traits import HOST, Trait

LETTERS = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
WORDS = " ".join(f"{one}{one}x" for one in LETTERS)
OTHER_WORDS = " ".join(f"q{one}w" for one in LETTERS)
OFFERED = re.compile(r'name="into" value="(\d+)"')


def put(world: World, subject: str, text: str, host: str = "") -> int:
    """A campaign of two messages that say this, as parsing leaves it."""
    ids = [seed_message(world, f"{subject} {number}").message_id for number in (1, 2)]
    hashes = minhash(facts(subject=subject, text=text, links=()))
    with world.services.database.begin() as tx:
        number = campaigns.start(tx, world.tenant_id, world.services.now())
        messages.put_in_campaign(tx, world.tenant_id, ids, number)
        for one in ids:
            campaigns.keep_signature(tx, world.tenant_id, one, hashes, bands(hashes))
            traits.keep(tx, world.tenant_id, one, [Trait(HOST, host)] if host else [])
    return number


@pytest.fixture
def browser(either_world) -> Browser:
    return Browser(create_app(either_world.services)).signed_in_as(either_world.operator(Role.ANALYST))


def offered(browser: Browser, number: int) -> list[int]:
    return [int(other) for other in OFFERED.findall(browser.page(f"/campaigns/{number}"))]


def test_the_most_alike_come_first_and_what_shares_a_host_after_them(browser, either_world):
    ours = put(either_world, "Your parcel", WORDS, "a host")
    shares = put(either_world, "Elsewhere", OTHER_WORDS, "a host")
    alike = put(either_world, "Your parcel", f"{WORDS} and a few more")
    same = put(either_world, "Your parcel", WORDS)
    put(either_world, "Nothing to do with it", " ".join(f"z{one}v" for one in LETTERS), "another host")
    assert offered(browser, ours) == [same, alike, shares]
    said = browser.text(f"/campaigns/{ours}")
    assert f"Your parcel 2 Campaign {same}, 2 messages, 2 malicious, " in said
    assert "100 % alike" in said
    assert "shares links, files or hosts" in said


def test_one_press_merges_and_is_taken_back(browser, either_world):
    ours, other = put(either_world, "Your parcel", WORDS), put(either_world, "Your parcel", WORDS)
    here = f"/campaigns/{ours}"
    answer = browser.post(f"{here}/merge", seen_on=here, into=str(other))
    assert answer.location == f"/campaigns/{other}"
    assert f"Campaign {ours} was merged into {other}" in browser.text(answer.location)
    assert offered(browser, other) == []


def test_at_most_eight_are_offered_the_newest_of_equals(browser, either_world):
    numbers = [put(either_world, "Your parcel", WORDS) for _ in range(10)]
    assert offered(browser, numbers[0]) == numbers[:1:-1]


def test_nobody_is_offered_what_is_anothers(browser, either_world):
    theirs = seed_tenant(either_world.services, "other")
    ours = put(either_world, "Your parcel", WORDS, "a host")
    put(theirs, "Their secret", WORDS, "a host")
    assert offered(browser, ours) == []
    assert "Their secret" not in browser.text(f"/campaigns/{ours}")
    assert "<details open><summary>By its number" in browser.page(f"/campaigns/{ours}")


def test_a_subject_is_text(browser, either_world):
    ours = put(either_world, "Your parcel", WORDS)
    put(either_world, "<script>alert(1)</script>\u202e", WORDS)
    page = browser.page(f"/campaigns/{ours}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;[U+202E] 2" in page
