"""A tenant keeps its own choices only; the defaults stay defaults, and wrong choices change nothing."""

import pytest
from rows import NOW, add_tenant
from sqlalchemy import select

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY, Actor
from backend.errors import BadInput, Conflict, Unknown
from backend.store import audit, tenants
from backend.store.tables import tenants as rows


def test_a_new_tenant_has_the_default_policy_and_is_found_by_its_short_name(database):
    with database.begin() as tx:
        north, south = add_tenant(tx, "north"), add_tenant(tx, "south")
        found = tenants.by_slug(tx, "north")
        assert found == tenants.get(tx, north)
        assert (found.slug, found.name, found.provider) == ("north", "North", "maildir")
        assert found.policy.psr.switch is Psr.PREVIEW
        assert tenants.by_slug(tx, "west") is None
        assert tenants.all_ids(tx) == [north, south]
        with pytest.raises(Conflict, match="north"):
            add_tenant(tx, "north")
        with pytest.raises(Unknown):
            tenants.get(tx, 99)


def test_only_what_a_tenant_chose_is_kept(database):
    with database.begin() as tx:
        north = add_tenant(tx)
        tenants.save_policy(tx, north, {"psr": {"switch": Psr.OFF}, "senders": {"trusted": ["partner.example"]}})
        assert tx.scalar(select(rows.c.policy)) == {
            "psr": {"switch": "off"},
            "senders": {"trusted": ["partner.example"]},
        }
        policy = tenants.get(tx, north).policy
        assert (policy.psr.switch, policy.psr.max_automatic) == (Psr.OFF, 500)
        assert policy.senders.trusted == ("partner.example",)


def test_changing_one_choice_leaves_the_others(database):
    with database.begin() as tx:
        north = add_tenant(tx)
        tenants.save_policy(tx, north, {"psr": {"max_automatic": 7}})
        tenants.change_policy(tx, north, {"psr": {"switch": Psr.OFF}})
        tenants.change_policy(tx, north, {"actions": {Disposition.SPAM: "junk"}})
        tenants.change_policy(tx, north, {"hard_delete_confirmed": True})
        policy = tenants.get(tx, north).policy
    assert (policy.psr.max_automatic, policy.psr.switch, policy.hard_delete_confirmed) == (7, Psr.OFF, True)
    assert policy.action_for(Disposition.SPAM) == "junk"
    assert policy.action_for(Disposition.MALICIOUS) == "soft-delete"


@pytest.mark.parametrize(
    "wrong", [{"psr": {"switch": "maybe"}}, {"actions": {"SPAM": "burn"}}, {"colour": {"x": 1}}, {"psr": {"x": 1}}]
)
def test_a_wrong_choice_is_refused_by_name_and_changes_nothing(database, wrong):
    with database.begin() as tx:
        north = add_tenant(tx)
        with pytest.raises(BadInput, match="policy"):
            tenants.change_policy(tx, north, wrong)
        assert tx.scalar(select(rows.c.policy)) == {}


def test_a_tenant_that_is_not_there_has_no_policy(database):
    with database.begin() as tx:
        for change in (tenants.save_policy, tenants.change_policy):
            with pytest.raises(Unknown):
                change(tx, 99, {})


def test_the_log_keeps_what_was_done_newest_first_and_page_by_page(database):
    with database.begin() as tx:
        north = add_tenant(tx)
        for number in range(5):
            audit.record(tx, north, Actor("operator", number), "judged", f"message:{number % 2}", {"n": number}, NOW)
        audit.record(tx, north, POLICY, "decided", "message:1", {"psr": Psr.OFF}, NOW)
        lines = audit.newest(tx, north)
        assert [line.actor for line in lines] == ["policy", *(f"operator:{n}" for n in (4, 3, 2, 1, 0))]
        assert lines[0].detail == {"psr": "off"}
        assert [line.detail["n"] for line in audit.newest(tx, north, subject="message:0")] == [4, 2, 0]
        assert audit.newest(tx, north, before=lines[2].id, limit=2) == lines[3:5]


def test_an_organisation_is_one_tenant_only(database):
    with database.begin() as tx:
        first = tenants.add(tx, "acme", "Acme", "outlook", NOW, "0F0F-GUID")
        tenants.add(tx, "local", "Local", "maildir", NOW)
        tenants.add(tx, "other", "Other", "maildir", NOW)
        with pytest.raises(Conflict, match="0f0f"):
            tenants.add(tx, "acme-two", "Acme", "outlook", NOW, "0f0f-guid")
        found = tenants.by_directory(tx, "outlook", "0f0f-GUID")
        assert found is not None
        assert found.id == first
        assert tenants.by_directory(tx, "gmail", "0f0f-guid") is None
        assert tenants.by_directory(tx, "maildir", "") is None
