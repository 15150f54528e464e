"""Rights: every page and action, asked by every role, by another tenant and by nobody."""

from collections.abc import Iterator

import pytest
from browser import Browser
from builders import seed_tenant
from seeded import seed_failure, seed_message
from sqlalchemy import func, select

from backend.domain.disposition import Disposition
from backend.domain.people import RIGHTS, Right, Role
from backend.store.tables import audit, decisions, retractions, submissions

MAIL, SETTINGS, METRICS = Right.MAIL, Right.SETTINGS, Right.METRICS
PUBLIC = {"web.session.sign_in", "web.static"}

PAGES = [
    ("/queue", MAIL),
    ("/queue/rows", MAIL),
    ("/queue?tab=failed", MAIL),
    ("/messages/{message}", MAIL),
    ("/messages/{message}/retraction", MAIL),
    ("/messages/{message}/body", MAIL),
    ("/messages/{message}/preview", MAIL),
    ("/log", MAIL),
    ("/settings", SETTINGS),
    ("/numbers", METRICS),
]
ACTIONS = [
    ("/messages/{message}/retract", MAIL, {"action": "trash"}),
    ("/messages/{message}/disposition", MAIL, {"disposition": "NONE"}),
    ("/retractions/{retraction}/restore", MAIL, {}),
    ("/retractions/{retraction}/approve", MAIL, {}),
    ("/submissions/{submission}/retry", MAIL, {}),
    ("/settings/psr", SETTINGS, {"psr": "off"}),
    (
        "/settings/actions",
        SETTINGS,
        dict.fromkeys(Disposition, "trash"),
    ),
    ("/settings/hard-delete", SETTINGS, {"confirmed": "yes", "typed": "hard delete"}),
]
MESSAGE_PLACES = [address for address, right in PAGES if "{" in address]
ITEM_ACTIONS = [(address, fields) for address, right, fields in ACTIONS if "{" in address]


@pytest.fixture
def ids(world) -> dict[str, int]:
    seeded = seed_message(world, retracted=True)
    assert seeded.retraction_id
    return {
        "message": seeded.message_id,
        "retraction": seeded.retraction_id,
        "submission": seed_failure(world),
    }


@pytest.fixture
def as_role(app, world) -> dict[Role, Browser]:
    return {role: Browser(app).signed_in_as(world.operator(role, f"some {role}")) for role in Role}


@pytest.fixture
def neighbour(app, world) -> Browser:
    """The owner of another tenant of the same installation."""
    other = seed_tenant(world.services, "other")
    return Browser(app).signed_in_as(other.owner)


def own_routes(app) -> Iterator[tuple[str, frozenset[str]]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("web.") and rule.endpoint not in PUBLIC:
            yield rule.endpoint, frozenset(rule.methods or ()) - {"HEAD", "OPTIONS"}


def everything(world) -> list[object]:
    """What an action could have changed."""
    with world.services.database.read() as tx:
        counts = [
            tx.execute(select(func.count()).select_from(t)).scalar_one() for t in (decisions, retractions, submissions)
        ]
        states = tx.execute(select(retractions.c.state, retractions.c.approved_by)).all()
        failed = tx.execute(select(submissions.c.id, submissions.c.state)).all()
    return [counts, states, failed]


def test_every_route_asks_for_a_right(app):
    unguarded = [name for name, _ in own_routes(app) if not hasattr(app.view_functions[name], "right")]
    assert unguarded == []


def test_these_tests_know_every_route(app):
    tested = {address.split("?")[0] for address, *_ in [*PAGES, *ACTIONS]} | {"/", "/sign-out"}
    rules = {
        rule.rule.replace("<int(min=1, max=2147483647):", "{").replace("_id>", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.") and rule.endpoint not in PUBLIC
    }
    assert rules == tested


@pytest.mark.parametrize(("address", "right"), PAGES)
def test_each_role_sees_its_own_pages_only(as_role, ids, address, right):
    seen = {role: browser.get(address.format(**ids)).status_code for role, browser in as_role.items()}
    assert seen == {role: 200 if right in RIGHTS[role] else 403 for role in Role}


@pytest.mark.parametrize(("address", "right", "fields"), ACTIONS)
def test_each_role_does_its_own_actions_only(as_role, ids, address, right, fields):
    done = {}
    for role, browser in as_role.items():
        done[role] = browser.post(address.format(**ids), seen_on="/numbers", **fields).status_code
    assert done == {role: 303 if right in RIGHTS[role] else 403 for role in Role}


@pytest.mark.parametrize("address", MESSAGE_PLACES)
def test_another_tenants_message_is_not_there(neighbour, ids, address):
    answer = neighbour.get(address.format(**ids))
    assert answer.status_code == 404
    assert "mailbox is almost full" not in answer.text


@pytest.mark.parametrize(("address", "fields"), ITEM_ACTIONS)
def test_another_tenant_changes_nothing(neighbour, world, ids, address, fields):
    before = everything(world)
    assert neighbour.post(address.format(**ids), seen_on="/queue", **fields).status_code == 404
    assert everything(world) == before


@pytest.mark.parametrize("address", ["/queue?tab=all", "/queue?tab=failed", "/queue?q=mailbox", "/log", "/numbers"])
def test_another_tenants_lists_are_empty(neighbour, ids, address):
    page = neighbour.text(address)
    assert "mailbox is almost full" not in page
    assert "could not be opened" not in page


def test_another_tenants_search_finds_the_message_at_home_only(owner, neighbour, ids):
    assert "Your mailbox is almost full" in owner.text("/queue?q=mailbox")
    assert "Nothing found" in neighbour.text("/queue?q=mailbox")


def test_another_tenant_looking_at_a_body_leaves_no_trace_and_sees_nothing(neighbour, world, ids):
    assert neighbour.get(f"/messages/{ids['message']}/preview").status_code == 404
    with world.services.database.read() as tx:
        assert tx.execute(select(audit.c.id).where(audit.c.action == "body viewed")).all() == []


@pytest.mark.parametrize("address", [address for address, _ in PAGES] + ["/"])
def test_nobody_is_asked_to_sign_in(stranger, ids, address):
    answer = stranger.get(address.format(**ids))
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize(("address", "right", "fields"), ACTIONS)
def test_nobody_changes_anything(stranger, world, ids, address, right, fields):
    before = everything(world)
    assert stranger.post(address.format(**ids), **fields).location == "/sign-in"
    assert everything(world) == before


@pytest.mark.parametrize(("address", "right", "fields"), [*ACTIONS, ("/sign-out", None, {})])
def test_every_form_needs_its_token(owner, world, ids, address, right, fields):
    before = everything(world)
    assert owner.client.post(address.format(**ids), data=fields).status_code == 400
    wrong = {"csrf_token": "made up", **fields}
    assert owner.client.post(address.format(**ids), data=wrong).status_code == 400
    assert everything(world) == before


@pytest.mark.parametrize(("address", "right", "fields"), ACTIONS)
def test_a_link_does_nothing(owner, ids, address, right, fields):
    assert owner.get(address.format(**ids)).status_code == 405


@pytest.mark.parametrize("role", Role)
def test_everybody_starts_where_they_may_be(as_role, role):
    first = as_role[role].get("/").location
    assert as_role[role].get(first).status_code == 200


def test_no_page_offers_what_the_role_may_not_open(as_role):
    for role, browser in as_role.items():
        page = browser.page("/numbers")
        offered = {address for address in ("/queue", "/log", "/settings") if f'href="{address}"' in page}
        may = {"/queue": MAIL, "/log": MAIL, "/settings": SETTINGS}
        assert offered == {address for address, right in may.items() if right in RIGHTS[role]}, role
