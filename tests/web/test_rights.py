"""Rights: every page and action, asked by every role, by another tenant and by nobody."""

from collections.abc import Iterator

import pytest
from browser import Browser
from builders import seed_tenant
from seeded import seed_failure, seed_message
from sqlalchemy import func, select

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed
from backend.domain.people import RIGHTS, Actor, Right, Role, Scope
from backend.flow import outbound, programs
from backend.flow.bulk import Order, carry_out
from backend.store import (
    alarms,
    campaigns,
    candidates,
    labels,
    messages,
    notes,
    outbox,
    saved_views,
    service_tokens,
)
from backend.store.tables import audit, decisions, operators, retractions, submissions
from backend.store.tables import notes as note_rows
from backend.store.tables import service_tokens as tokens

MAIL, SETTINGS, METRICS, PEOPLE = Right.MAIL, Right.SETTINGS, Right.METRICS, Right.PEOPLE
NETWORK = Right.NETWORK
EVERYBODY = None
PUBLIC = {
    "web.sign_in.sign_in",
    "web.sign_in.check",
    "web.oidc.start",
    "web.oidc.answered",
    "web.static",
    "web.me.speak",
}

PAGES = [
    ("/queue", MAIL),
    ("/queue/rows", MAIL),
    ("/queue?tab=failed", MAIL),
    ("/search", MAIL),
    ("/search?q=mailbox", MAIL),
    ("/search/rows", MAIL),
    ("/search.csv", MAIL),
    ("/look", MAIL),
    ("/messages/{message}", MAIL),
    ("/messages/{message}/similar", MAIL),
    ("/messages/{message}/retraction", MAIL),
    ("/messages/{message}/body", MAIL),
    ("/messages/{message}/preview", MAIL),
    ("/messages/{message}/headers", MAIL),
    ("/messages/{message}/raw", MAIL),
    ("/log", MAIL),
    ("/log/later-looks", MAIL),
    ("/log.csv", MAIL),
    ("/retractions/{retraction}/progress", MAIL),
    ("/operations/{operation}/progress", MAIL),
    ("/settings", SETTINGS),
    ("/settings/auto-retract", SETTINGS),
    ("/settings/outlook", SETTINGS),
    ("/settings/gmail", SETTINGS),
    ("/audit", SETTINGS),
    ("/account", EVERYBODY),
    ("/settings/people", PEOPLE),
    ("/settings/tokens", SETTINGS),
    ("/settings/outbound", SETTINGS),
    ("/audit.csv", SETTINGS),
    ("/audit.jsonl", SETTINGS),
    ("/overview", METRICS),
    ("/me", None),
    ("/learning", METRICS),
    ("/campaigns", MAIL),
    ("/campaigns/{campaign}", MAIL),
]
ACTIONS = [
    ("/messages/{message}/retract", MAIL, {"action": "trash"}),
    ("/messages/{message}/disposition", MAIL, {"disposition": "NONE"}),
    ("/messages/{message}/false-positive", MAIL, {"disposition": "NONE"}),
    ("/messages/{message}/false-negative", MAIL, {"disposition": "SPAM"}),
    ("/messages/{message}/simulation", MAIL, {}),
    ("/messages/{message}/notes", MAIL, {"note": "seen before"}),
    ("/notes/{note}/strike", MAIL, {}),
    ("/submissions/{submission}/escalate", MAIL, {"disposition": "SPOOF"}),
    ("/retractions/{retraction}/restore", MAIL, {}),
    ("/retractions/{retraction}/approve", MAIL, {}),
    ("/submissions/{submission}/retry", MAIL, {}),
    ("/queue/do", MAIL, {"do": "judge:NONE", "message": "1", "key": "the key of a form"}),
    ("/operations/{operation}/undo", MAIL, {}),
    ("/views", MAIL, {"name": "mine"}),
    ("/retractions/{retraction}/go-on", MAIL, {}),
    ("/retractions/{retraction}/retry", MAIL, {}),
    ("/settings/psr", SETTINGS, {"psr": "off"}),
    ("/settings/pdr", SETTINGS, {"pdr": "off"}),
    ("/settings/backtest", SETTINGS, {}),
    ("/alarms/{alarm}/acknowledge", SETTINGS, {}),
    (
        "/settings/actions",
        SETTINGS,
        dict.fromkeys(Disposition, "trash"),
    ),
    ("/settings/hard-delete", SETTINGS, {"confirmed": "yes", "typed": "hard delete"}),
    ("/settings/outlook/consent", SETTINGS, {}),
    ("/learning/candidates", MAIL, {}),
    ("/learning/labels/{label}/revoke", MAIL, {"why": "wrong"}),
    ("/campaigns/{campaign}/merge", MAIL, {"into": "1"}),
    ("/campaigns/changes/{change}/undo", MAIL, {}),
    ("/learning/candidates/{candidate}/promote", NETWORK, {}),
    ("/learning/roll-back", NETWORK, {}),
    ("/campaigns/{campaign}/split", MAIL, {"message": "1"}),
    ("/account/password", EVERYBODY, {"current": "wrong", "new": "another long password", "again": "another one"}),
    ("/account/sessions/end", EVERYBODY, {}),
    ("/settings/people", PEOPLE, {"name": "somebody", "role": "viewer"}),
    ("/settings/tokens", SETTINGS, {"name": "reader", "scope": "read:metrics", "days": "30"}),
    ("/settings/tokens/{token}/revoke", SETTINGS, {}),
    ("/settings/outbound", SETTINGS, {"name": "x", "kind": "webhook", "address": "https://siem.example.com/"}),
    ("/settings/outbound/{webhook}/again", SETTINGS, {}),
    ("/settings/outbound/{webhook}/remove", SETTINGS, {}),
    ("/settings/people/{operator}/role", PEOPLE, {"role": "analyst"}),
    ("/settings/people/{operator}/invite", PEOPLE, {"email": "vera@example.org"}),
    ("/settings/people/{operator}/password", PEOPLE, {}),
    ("/settings/people/{operator}/sign-out", PEOPLE, {}),
    ("/settings/people/{operator}/close", PEOPLE, {}),
    ("/settings/people/{operator}/reopen", PEOPLE, {}),
    ("/me", None, {"theme": "dark"}),
    ("/overview/names", SETTINGS, {"names": "yes"}),
]
MESSAGE_PLACES = [address for address, right in PAGES if "{" in address]
ITEM_ACTIONS = [(address, fields) for address, right, fields in ACTIONS if "{" in address]


def judged_and_operation(world) -> int:
    other = seed_message(world, "Another one")
    order = Order(Deed.JUDGE, Disposition.MALICIOUS)
    return carry_out(world.services, world.owner, order, [other.message_id], "the key of a form").id


@pytest.fixture
def ids(world) -> dict[str, int]:
    seeded = seed_message(world, retracted=True)
    assert seeded.retraction_id
    failed = seed_failure(world)
    with world.services.database.begin() as tx:
        tx.execute(submissions.update().where(submissions.c.id == failed).values(message_id=seeded.message_id))
        author, now = Actor("operator", world.owner.id), world.services.now()
        note = notes.write(tx, world.tenant_id, seeded.message_id, "seen before", author, now)
        detail = {"judged": 9, "wrong": 3}
        alarm = alarms.sound(tx, world.tenant_id, "psr-fell-back", detail, now)
    return {
        "message": seeded.message_id,
        "retraction": seeded.retraction_id,
        "submission": failed,
        "note": note,
        "alarm": alarm,
        "operator": world.operator(Role.VIEWER, "vera").id,
        "token": seed_token(world),
        "operation": judged_and_operation(world),
        "webhook": seed_webhook(world),
        **learned(world, seeded.message_id),
    }


def learned(world, message_id: int) -> dict[str, int]:
    """A campaign with a change, a label and a candidate."""
    with world.services.database.begin() as tx:
        now, tenant_id = world.services.now(), world.tenant_id
        campaign, other = campaigns.start(tx, tenant_id, now), campaigns.start(tx, tenant_id, now)
        messages.put_in_campaign(tx, tenant_id, [message_id], campaign)
        return {
            "campaign": campaign,
            "change": campaigns.record_change(tx, tenant_id, "merge", (other, campaign), [], "operator:1", now),
            "label": labels.give(tx, tenant_id, message_id, Disposition.SPAM, "team", "person:1", now),
            "candidate": candidates.ask(tx, tenant_id, "operator:1", now) or 0,
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


def seed_token(world) -> int:
    """Of a program; its number."""
    programs.issue(world.services, world.owner, "reader", [Scope.READ_METRICS], 30)
    with world.services.database.read() as tx:
        return service_tokens.of_tenant(tx, world.tenant_id)[0].id


def seed_webhook(world) -> int:
    outbound.add(world.services, world.owner, "siem", "webhook", "https://siem.example.com/", ["approved"])
    with world.services.database.read() as tx:
        return outbox.all_of(tx, world.tenant_id)[-1].id


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
        passwords = tx.execute(select(operators.c.id, operators.c.password_hash)).all()
    return [counts, states, failed, staff, passwords, valid]


def test_every_route_asks_for_a_right(app):
    unguarded = [name for name, _ in own_routes(app) if not hasattr(app.view_functions[name], "right")]
    assert unguarded == []


def test_these_tests_know_every_route(app):
    tested = {address.split("?")[0] for address, *_ in [*PAGES, *ACTIONS]} | {"/", "/sign-out"}
    tested = tested - {"/audit.csv", "/audit.jsonl"} | {"/audit.<any(csv, jsonl):form>"}
    tested.add("/look/report")  # in test_look_in_mailboxes.py
    tested |= {"/views/{view}", "/views/{view}/delete"}  # they are one operator's: below
    tested.add("/settings/outlook/consented")  # in test_consent.py: it answers with a redirect, whoever asks
    rules = {
        rule.rule.replace("<int(min=1, max=2147483647):", "{").replace("_id>", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.") and rule.endpoint not in PUBLIC
    }
    assert rules == tested


@pytest.mark.parametrize(("address", "right"), PAGES)
def test_each_role_sees_its_own_pages_only(as_role, ids, address, right):
    seen = {role: browser.get(address.format(**ids)).status_code for role, browser in as_role.items()}
    assert seen == {role: 200 if may(role, right) else 403 for role in Role}


@pytest.mark.parametrize(("address", "right", "fields"), ACTIONS)
def test_each_role_does_its_own_actions_only(as_role, ids, address, right, fields):
    done = {}
    for role, browser in as_role.items():
        done[role] = browser.post(address.format(**ids), seen_on="/overview", **fields).status_code
    assert done == {role: 303 if may(role, right) else 403 for role in Role}


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
