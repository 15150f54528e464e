"""The page of the lists: nothing that was typed is lost, files go in and out, every entry can be taken back."""

import io

import pytest
from browser import Browser
from seeded import seed_message

from backend.domain.listed import ListKind
from backend.domain.people import Role
from backend.store import audit, lists

PLACE = "/settings/lists"


def entries(world) -> dict[str, str]:
    with world.services.database.read() as tx:
        return {one.pattern: one.comment for one in lists.find(tx, world.tenant_id)}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ANALYST])
def test_admins_and_analysts_keep_the_lists(app, world, role):
    somebody = Browser(app).signed_in_as(world.operator(role))
    answer = somebody.post(PLACE, seen_on=PLACE, kind="blocked-sender", text="evil.example, a campaign\nbad.example")
    assert (answer.status_code, answer.location) == (303, f"{PLACE}?kind=blocked-sender")
    assert "2 entries added." in somebody.text(PLACE)
    assert entries(world) == {"evil.example": "a campaign", "bad.example": ""}


def test_a_wrong_line_is_named_and_the_form_stays_as_it_was(owner, world):
    answer = owner.post(PLACE, seen_on=PLACE, kind="trusted-sender", text="a.example\n(a+)+$", comment="why not")
    assert answer.status_code == 400
    for kept in ("Line 2: (a+)+$ is none of", "a.example\n(a+)+$</textarea>", 'value="why not"'):
        assert kept in answer.text
    assert '<option value="trusted-sender" selected>' in answer.text
    assert entries(world) == {}


def test_an_entry_is_removed_and_put_back(owner, world):
    owner.post(PLACE, seen_on=PLACE, kind="blocked-sender", text="evil.example")
    with world.services.database.read() as tx:
        (entry,) = lists.find(tx, world.tenant_id)
    owner.post(f"{PLACE}/{entry.id}/remove", seen_on=PLACE)
    page = owner.text(PLACE)
    assert "Removed: evil.example." in page
    assert "Removed in the last 30 days evil.example" in page
    owner.post(f"{PLACE}/{entry.id}/put-back", seen_on=PLACE)
    assert entries(world) == {"evil.example": ""}
    with world.services.database.read() as tx:
        did = [line.action for line in audit.newest(tx, world.tenant_id, subject=f"list-entry:{entry.id}")]
    assert did == ["list entry put back", "list entry removed", "list entry added"]


def test_a_file_that_was_exported_can_be_imported(owner, world):
    rows = "kind,pattern,comment,expires\nblocked-sender,evil.example,=a formula,\n"
    rows += "trusted-sender,*@b.example,,2099-01-31\n"
    for _ in range(2):
        file = (io.BytesIO(rows.encode()), "lists.csv")
        owner.post(f"{PLACE}/import", seen_on=PLACE, file=file)
        rows = owner.get(f"{PLACE}.csv").text
        with world.services.database.begin() as tx:
            assert lists.counts(tx, world.tenant_id) == {ListKind.BLOCKED: 1, ListKind.TRUSTED: 1}
            kept = lists.find(tx, world.tenant_id)
            for entry in kept:
                lists.remove(tx, world.tenant_id, entry.id, "operator:1", world.services.now())
    assert "blocked-sender,evil.example,'=a formula,\r\n" in rows
    assert {one.comment for one in kept} == {"=a formula", ""}
    assert str(kept[0].last_day) == "2099-01-31"


def test_the_lists_are_searched(owner, world):
    owner.post(PLACE, seen_on=PLACE, kind="blocked-sender", text="evil.example, the May campaign\nbad.example")
    found = owner.text(f"{PLACE}?kind=blocked-sender&q=may")
    assert "evil.example the May campaign" in found
    assert "bad.example" not in found


def test_what_would_match_is_asked_and_a_message_by_those_only_who_see_mail(app, owner, world):
    message = seed_message(world).message_id
    owner.post(PLACE, seen_on=PLACE, kind="trusted-sender", text="intranet-renewal.example")
    assert "Trusted sender : intranet-renewal.example No detection counts" in owner.text(
        f"{PLACE}?try=x@intranet-renewal.example"
    )
    assert "It does not act: the sender is not proven." in owner.text(f"{PLACE}?try={message}")
    assert "There is no such message." in owner.text(f"{PLACE}?try=999999")
    assert "No entry names nobody@else.test." in owner.text(f"{PLACE}?try=nobody@else.test")
    admin = Browser(app).signed_in_as(world.operator(Role.ADMIN))
    assert "sender is not proven" not in admin.text(f"{PLACE}?try={message}")
