"""Rights to act: each role does what is its own, and only that; each time in a world of its own, which it changes."""

import pytest
from browser import Browser
from builders import seed_tenant
from one_of_each import one_of_each
from routes import ACTIONS, EVERYBODY, SHOWN_ONCE

from backend.domain.people import RIGHTS, Right, Role
from backend.store import saved_views


@pytest.fixture
def ids(world) -> dict[str, int]:
    return one_of_each(world)


@pytest.fixture
def as_role(app, world) -> dict[Role, Browser]:
    return {role: Browser(app).signed_in_as(world.operator(role, f"some {role}")) for role in Role}


@pytest.fixture
def neighbour(app, world) -> Browser:
    """The owner of another tenant of the same installation."""
    other = seed_tenant(world.services, "other")
    return Browser(app).signed_in_as(other.owner)


def may(role: Role, right: Right | None) -> bool:
    return right is EVERYBODY or right in RIGHTS[role]


@pytest.mark.parametrize(("address", "right", "fields"), ACTIONS)
def test_each_role_does_its_own_actions_only(as_role, ids, address, right, fields):
    done = {}
    for role, browser in as_role.items():
        done[role] = browser.post(address.format(**ids), seen_on="/overview", **fields).status_code
    assert {role for role, status in done.items() if status == 403} == {role for role in Role if not may(role, right)}
    # Who comes second may find it done already, which is no refusal of who they are.
    assert done[Role.OWNER] == (200 if address in SHOWN_ONCE else 303)


@pytest.mark.parametrize("address", ["/views/{view}", "/views/{view}/delete"])
def test_a_view_is_changed_by_who_saved_it_only(app, world, as_role, neighbour, stranger, address):
    with world.services.database.begin() as tx:
        now = world.services.now()
        view = saved_views.save(tx, world.tenant_id, world.owner.id, "mine", {"tab": "all"}, now)
    address = address.format(view=view)
    for role, browser in as_role.items():
        answer = browser.post(address, seen_on="/overview", name="theirs")
        assert answer.status_code == (404 if Right.MAIL in RIGHTS[role] else 403)
    assert neighbour.post(address, seen_on="/queue", name="theirs").status_code == 404
    assert stranger.post(address, name="theirs").location == "/sign-in"
    own = Browser(app).signed_in_as(world.owner)
    assert own.get(address).status_code == 405
    assert own.client.post(address, data={"name": "theirs"}).status_code == 400
    with world.services.database.read() as tx:
        assert [kept.name for kept in saved_views.of_operator(tx, world.tenant_id, world.owner.id)] == ["mine"]
    assert own.post(address, seen_on="/queue", name="still mine").status_code == 303
