"""Saved views: an operator's lists by name; one of them may open first."""

import pytest
from rows import NOW, add_tenant

from backend.domain.people import Role
from backend.errors import BadInput, Conflict, Unknown
from backend.store import people, saved_views


@pytest.fixture
def place(database):
    with database.begin() as tx:
        tenant = add_tenant(tx, "north")
        ana, ben = (people.add_operator(tx, tenant, n, "correct horse battery", Role.OWNER, NOW).id for n in ("a", "b"))
    return tenant, ana, ben


def test_a_list_gets_a_name_another_one_and_goes(database, place):
    tenant, ana, ben = place
    with database.begin() as tx:
        number = saved_views.save(tx, tenant, ana, "  My\n spam ", {"disposition": "SPAM"}, NOW)
        (view,) = saved_views.of_operator(tx, tenant, ana)
        assert (view.id, view.name, view.asked, view.opens_first) == (number, "My spam", {"disposition": "SPAM"}, False)
        saved_views.change(tx, tenant, ana, number, "Spam of mine", opens_first=True)
        assert saved_views.first_of(tx, tenant, ana).name == "Spam of mine"
        assert saved_views.of_operator(tx, tenant, ben) == []
        saved_views.remove(tx, tenant, ana, number)
        assert saved_views.of_operator(tx, tenant, ana) == []


def test_one_view_opens_first(database, place):
    tenant, ana, _ = place
    with database.begin() as tx:
        for name in ("one", "two"):
            saved_views.save(tx, tenant, ana, name, {}, NOW, opens_first=True)
        assert [view.opens_first for view in saved_views.of_operator(tx, tenant, ana)] == [False, True]


def test_a_name_is_given_once_and_there_is_an_end(database, place):
    tenant, ana, ben = place
    with database.begin() as tx:
        saved_views.save(tx, tenant, ben, "view 0", {}, NOW)
        for number in range(saved_views.MOST - 1):
            saved_views.save(tx, tenant, ana, f"view {number}", {}, NOW)
        with pytest.raises(Conflict, match="already"):
            saved_views.save(tx, tenant, ana, "view 1", {}, NOW)
        last = saved_views.save(tx, tenant, ana, "the last", {}, NOW)
        with pytest.raises(Conflict, match="delete one"):
            saved_views.save(tx, tenant, ana, "one more", {}, NOW)
        with pytest.raises(Conflict, match="already"):
            saved_views.change(tx, tenant, ana, last, "view 1", opens_first=False)


def test_what_cannot_be_is_said(database, place):
    tenant, ana, ben = place
    with database.begin() as tx:
        with pytest.raises(BadInput):
            saved_views.save(tx, tenant, ana, " \n ", {}, NOW)
        number = saved_views.save(tx, tenant, ana, "mine", {}, NOW)
        with pytest.raises(Unknown):
            saved_views.change(tx, tenant, ben, number, "yours", opens_first=False)
        with pytest.raises(Unknown):
            saved_views.remove(tx, tenant, ben, number)
