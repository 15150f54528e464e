"""The lists in the store: what counts now, what stood before, and whose it is."""

from datetime import timedelta

import pytest
from rows import NOW, add_tenant

from backend.domain.listed import ListKind, Wish
from backend.store import lists

BLOCKED, TRUSTED = ListKind.BLOCKED, ListKind.TRUSTED
DAY = timedelta(days=1)


@pytest.fixture
def north(database):
    with database.begin() as tx:
        return add_tenant(tx, "north")


def add(tx, tenant, *wishes, now=NOW):
    return lists.add(tx, tenant, wishes, "operator:1", now)


def test_the_same_stands_on_a_list_once_and_on_another_as_well(database, north):
    with database.begin() as tx:
        first = add(tx, north, Wish(BLOCKED, "evil.example", "a campaign"), Wish(TRUSTED, "evil.example"))
        assert len(first) == 2
        assert len(add(tx, north, Wish(BLOCKED, "evil.example", "again"), Wish(BLOCKED, "bad.example"))) == 1
        assert lists.acting(tx, north, NOW).of(BLOCKED) == ("evil.example", "bad.example")
        assert lists.counts(tx, north) == {BLOCKED: 2, TRUSTED: 1}
        assert lists.get(tx, north, first[0]).comment == "a campaign"


def test_an_entry_whose_time_is_over_no_longer_counts_and_makes_room(database, north):
    with database.begin() as tx:
        (old,) = add(tx, north, Wish(BLOCKED, "evil.example", expires_at=NOW + DAY))
        assert lists.acting(tx, north, NOW).of(BLOCKED) == ("evil.example",)
        assert lists.acting(tx, north, NOW + DAY).of(BLOCKED) == ()
        assert [entry.id for entry in lists.find(tx, north)] == [old]
        (new,) = add(tx, north, Wish(BLOCKED, "evil.example"), now=NOW + DAY)
        assert lists.acting(tx, north, NOW + DAY).of(BLOCKED) == ("evil.example",)
        assert [entry.id for entry in lists.find(tx, north)] == [new]
        assert lists.get(tx, north, old).removed_by == "system"


def test_a_removal_is_taken_back_unless_the_same_stands_there_again(database, north):
    with database.begin() as tx:
        (entry,) = add(tx, north, Wish(BLOCKED, "evil.example"))
        assert lists.put_back(tx, north, entry) is None
        gone = lists.remove(tx, north, entry, "operator:2", NOW)
        assert (gone.removed_by, gone.acts(NOW)) == ("operator:2", False)
        assert lists.remove(tx, north, entry, "operator:2", NOW) is None
        assert [one.id for one in lists.removed(tx, north, NOW - DAY)] == [entry]
        assert lists.put_back(tx, north, entry).acts(NOW)
        lists.remove(tx, north, entry, "operator:2", NOW)
        add(tx, north, Wish(BLOCKED, "evil.example"))
        assert lists.put_back(tx, north, entry) is None
        assert lists.acting(tx, north, NOW).of(BLOCKED) == ("evil.example",)


def test_entries_are_found_by_words_of_pattern_and_comment(database, north):
    with database.begin() as tx:
        add(tx, north, Wish(BLOCKED, "evil.example", "Campaign of May"), Wish(TRUSTED, "100%.example"))
        assert [one.pattern for one in lists.find(tx, north, words="campaign EVIL")] == ["evil.example"]
        assert [one.pattern for one in lists.find(tx, north, words="100%")] == ["100%.example"]
        assert lists.find(tx, north, words="%") != lists.find(tx, north)
        assert lists.find(tx, north, TRUSTED, "evil") == []
