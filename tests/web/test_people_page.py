"""The operators' page: owners decide who works here; nobody decides about themselves, and the last owner stays."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import Browser, words_of
from builders import make_services, seed_tenant

from backend.domain.people import Role
from backend.errors import Conflict, NotAllowed
from backend.flow import staff
from backend.store import audit, operators
from backend.store import staff as members


def the_member(world, operator_id: int) -> members.Member:
    with world.services.database.read() as tx:
        found = members.member(tx, world.tenant_id, operator_id)
    assert found
    return found


def said(browser: Browser) -> str:
    return browser.text("/settings/people")


def test_somebody_added_gets_a_password_for_one_sign_in(owner, app):
    answer = owner.post("/settings/people", seen_on="/settings/people", name="nina", role="analyst")
    password = re.search(r"Their password is (\S+)\. Hand", words_of(answer.text))[1]
    assert password not in said(owner)  # shown once

    nina = Browser(app).sign_in("nina", password)
    assert nina.get("/queue").location == "/account"


@pytest.mark.parametrize(
    ("name", "problem"), [("acme-owner", "already"), ("", "Give a name"), ("a\x07b", "Give a name")]
)
def test_a_name_that_cannot_be_is_said(owner, name, problem):
    owner.post("/settings/people", seen_on="/settings/people", name=name, role="analyst")
    assert problem in said(owner)


def test_a_made_up_role_is_refused(owner):
    assert owner.post("/settings/people", seen_on="/settings/people", name="x", role="god").status_code == 400


def test_another_role_counts_at_once(owner, app, world):
    vera = world.operator(Role.VIEWER, "vera")
    browser = Browser(app).signed_in_as(vera)
    assert browser.get("/queue").status_code == 403
    owner.post(f"/settings/people/{vera.id}/role", seen_on="/settings/people", role="analyst")
    assert browser.get("/queue").status_code == 200


@pytest.mark.parametrize("action", ["role", "close", "password", "sign-out", "reopen"])
def test_nobody_decides_about_themselves(owner, world, action):
    world.operator(Role.OWNER, "olga")
    before = the_member(world, world.owner.id)
    owner.post(f"/settings/people/{world.owner.id}/{action}", seen_on="/settings/people", role="viewer")
    assert "Nobody changes their own account" in said(owner)
    assert the_member(world, world.owner.id) == before


def test_the_last_owner_stays(world):
    olga = world.operator(Role.OWNER, "olga")
    staff.close(world.services, olga, world.owner.id)
    with pytest.raises(Conflict, match="last owner"):
        staff.set_role(world.services, world.owner, olga.id, Role.VIEWER)
    with pytest.raises(Conflict, match="last owner"):
        staff.close(world.services, world.owner, olga.id)
    assert the_member(world, olga.id).role is Role.OWNER


def test_two_owners_cannot_remove_each_other_at_once(either_world):
    world = either_world
    olga = world.operator(Role.OWNER, "olga")

    def remove(by, whom) -> str:
        try:
            staff.set_role(world.services, by, whom.id, Role.VIEWER)
        except Conflict:
            return "refused"
        return "removed"

    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(remove, world.owner, olga), pool.submit(remove, olga, world.owner)]
        assert sorted(one.result() for one in tries) == ["refused", "removed"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ANALYST, Role.VIEWER])
def test_only_an_owner_decides(world, role):
    vera, other = world.operator(Role.VIEWER, "vera"), world.operator(role, "other")
    with pytest.raises(NotAllowed):
        staff.set_role(world.services, other, vera.id, Role.OWNER)
    with pytest.raises(NotAllowed):
        staff.add_with_password(world.services, other, "mine", Role.OWNER)


def test_a_closed_account_signs_in_no_more_until_it_is_opened(owner, app, world):
    vera = world.operator(Role.VIEWER, "vera")
    browser = Browser(app).sign_in("vera")
    owner.post(f"/settings/people/{vera.id}/close", seen_on="/settings/people")
    assert browser.get("/overview").status_code == 303
    assert browser.post("/sign-in", name="vera", password="password of vera").status_code == 401
    owner.post(f"/settings/people/{vera.id}/reopen", seen_on="/settings/people")
    browser.sign_in("vera")


def test_signing_somebody_out_ends_their_sessions(owner, app, world):
    vera = world.operator(Role.VIEWER, "vera")
    browser = Browser(app).signed_in_as(vera)
    owner.post(f"/settings/people/{vera.id}/sign-out", seen_on="/settings/people")
    assert browser.get("/overview").status_code == 303
    assert "Signed out in one place." in said(owner)


def test_an_address_belongs_to_one_operator_in_the_whole_installation(tmp_path, database):
    services = make_services(tmp_path, database)
    north, south = seed_tenant(services, "north"), seed_tenant(services, "south")
    staff.invite(services, north.owner, "Vera@Example.org", Role.VIEWER)
    with pytest.raises(Conflict, match="already"):
        staff.invite(services, south.owner, "vera@example.org", Role.OWNER)
    sue = south.operator(Role.VIEWER, "sue")
    with pytest.raises(Conflict, match="already"):
        staff.invite_again(services, south.owner, sue.id, "vera@example.org")
    services.database.close()


def test_everything_is_in_the_audit_log_and_no_password_is(owner, world):
    vera = world.operator(Role.VIEWER, "vera")
    for action in ("password", "sign-out", "close", "reopen"):
        owner.post(f"/settings/people/{vera.id}/{action}", seen_on="/settings/people")
    owner.post(f"/settings/people/{vera.id}/role", seen_on="/settings/people", role="admin")
    with world.services.database.read() as tx:
        lines = audit.newest(tx, world.tenant_id, subject=f"operator:{vera.id}")
        hashes = operators.check_password(tx, "vera", "password of vera")
    assert hashes is None
    assert [line.action for line in reversed(lines)] == [
        "password set",
        "sessions ended",
        "operator disabled",
        "operator enabled",
        "role changed",
    ]
    assert lines[0].detail == {"role": "admin", "before": "viewer"}
    assert all(set(line.detail) <= {"role", "before", "sessions"} for line in lines)
