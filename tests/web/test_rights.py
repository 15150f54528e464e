"""Rights: every page and action, asked by every role, by another tenant and by nobody.

Nothing here changes anything, so all share one world; test_rights_to_act.py does what changes it.
"""

import shutil
from collections.abc import Iterator

import pytest
from browser import Browser
from builders import World, make_services, seed_tenant
from one_of_each import one_of_each
from routes import ACTIONS, EVERYBODY, MAIL, PAGES, PEOPLE, PUBLIC, REPLY, SETTINGS
from sqlalchemy import func, select

from backend.app import create_app
from backend.domain.people import RIGHTS, Right, Role
from backend.store.database import open_database
from backend.store.tables import audit, decisions, list_entries, operators, own_rules, retractions, submissions
from backend.store.tables import notes as note_rows
from backend.store.tables import service_tokens as tokens

MESSAGE_PLACES = [address for address, right in PAGES if "{" in address]
ITEM_ACTIONS = [(address, fields) for address, right, fields in ACTIONS if "{" in address]


@pytest.fixture(scope="module")
def world(tmp_path_factory, sqlite_template) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("rights")
    shutil.copy(sqlite_template, folder / "unhook.db")
    database = open_database(f"sqlite:///{folder / 'unhook.db'}")
    yield seed_tenant(make_services(folder, database))
    database.close()


@pytest.fixture(scope="module")
def app(world):
    return create_app(world.services)


@pytest.fixture(scope="module")
def ids(world) -> dict[str, int]:
    return one_of_each(world)


@pytest.fixture(scope="module")
def as_role(app, world) -> dict[Role, Browser]:
    return {role: Browser(app).signed_in_as(world.operator(role, f"some {role}")) for role in Role}


@pytest.fixture(scope="module")
def neighbour(app, world) -> Browser:
    """The owner of another tenant of the same installation."""
    other = seed_tenant(world.services, "other")
    return Browser(app).signed_in_as(other.owner)


def own_routes(app) -> Iterator[tuple[str, frozenset[str]]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("web.") and rule.endpoint not in PUBLIC:
            yield rule.endpoint, frozenset(rule.methods or ()) - {"HEAD", "OPTIONS"}


def may(role: Role, right: Right | None) -> bool:
    return right is EVERYBODY or right in RIGHTS[role]


def everything(world) -> list[object]:
    """What an action could have changed."""
    with world.services.database.read() as tx:
        counts = [
            tx.execute(select(func.count()).select_from(t)).scalar_one() for t in (decisions, retractions, submissions)
        ]
        counts += tx.execute(select(note_rows.c.id, note_rows.c.struck_at)).all()
        states = tx.execute(select(retractions.c.state, retractions.c.approved_by)).all()
        failed = tx.execute(select(submissions.c.id, submissions.c.state)).all()
        staff = tx.execute(select(operators.c.id, operators.c.role, operators.c.disabled_at, operators.c.email)).all()
        valid = tx.execute(select(tokens.c.id, tokens.c.revoked_at)).all()
        listed = tx.execute(select(list_entries.c.id, list_entries.c.removed_at)).all()
        rules = tx.execute(select(own_rules.c.id, own_rules.c.active, own_rules.c.removed_at)).all()
        passwords = tx.execute(select(operators.c.id, operators.c.password_hash)).all()
    return [counts, states, failed, staff, passwords, valid, listed, rules]


def test_every_route_asks_for_a_right(app):
    unguarded = [name for name, _ in own_routes(app) if not hasattr(app.view_functions[name], "right")]
    assert unguarded == []


def test_these_tests_know_every_route(app):
    tested = {address.split("?")[0] for address, *_ in [*PAGES, *ACTIONS]} | {"/", "/sign-out"}
    tested = tested - {"/audit.csv", "/audit.jsonl"} | {"/audit.<any(csv, jsonl):form>"}
    tested.add("/look/report")  # in test_look_in_mailboxes.py
    tested |= {"/views/{view}", "/views/{view}/delete"}  # they are one operator's: below
    tested.add("/settings/outlook/consented")  # in test_consent.py: it answers with a redirect, whoever asks
    tested = {address.replace("/settings/replies/none/de", REPLY) for address in tested}
    rules = {
        rule.rule.replace("<int(min=1, max=2147483647):", "{").replace("_id>", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.") and rule.endpoint not in PUBLIC
    }
    assert rules == tested


@pytest.mark.parametrize(("address", "right"), PAGES)
def test_each_role_sees_its_own_pages_only(as_role, ids, address, right):
    seen = {}
    for role, browser in as_role.items():
        with browser.get(address.format(**ids)) as answer:  # closed: a stream of progress holds a place until then
            seen[role] = answer.status_code
    assert seen == {role: 200 if may(role, right) else 403 for role in Role}


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


@pytest.mark.parametrize("address", ["/queue?tab=all", "/queue?tab=failed", "/search?q=mailbox", "/log", "/overview"])
def test_another_tenants_lists_are_empty(neighbour, ids, address):
    page = neighbour.text(address)
    assert "mailbox is almost full" not in page
    assert "could not be opened" not in page


def test_another_tenants_search_finds_the_message_at_home_only(owner, neighbour, ids):
    assert "Your mailbox is almost full" in owner.text("/search?q=mailbox")
    assert "Nothing found" in neighbour.text("/search?q=mailbox")


def test_another_tenant_looking_at_a_body_leaves_no_trace_and_sees_nothing(neighbour, world, ids):
    def looked() -> int:
        with world.services.database.read() as tx:
            return tx.execute(select(func.count()).where(audit.c.action == "body viewed")).scalar_one()

    before = looked()
    assert neighbour.get(f"/messages/{ids['message']}/preview").status_code == 404
    assert looked() == before


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


@pytest.mark.parametrize("address", sorted({address for address, *_ in ACTIONS} - {address for address, _ in PAGES}))
def test_a_link_does_nothing(owner, ids, address):
    assert owner.get(address.format(**ids)).status_code == 405


@pytest.mark.parametrize("role", Role)
def test_everybody_starts_where_they_may_be(as_role, role):
    first = as_role[role].get("/").location
    assert as_role[role].get(first).status_code == 200


def test_no_page_offers_what_the_role_may_not_open(as_role):
    for role, browser in as_role.items():
        page = browser.page("/overview")
        offered = {
            address
            for address in ("/queue", "/log", "/settings", "/audit", "/settings/people")
            if f'href="{address}"' in page
        }
        may = {"/queue": MAIL, "/log": MAIL, "/settings": SETTINGS, "/audit": SETTINGS, "/settings/people": PEOPLE}
        assert offered == {address for address, right in may.items() if right in RIGHTS[role]}, role
