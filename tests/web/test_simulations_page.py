"""The page of simulations: secrets are shown once, what counts is chosen, and a mail is tried without being kept."""

import base64
import io
import re

import pytest
from browser import Browser, words_of
from builders import ANA, GATEWAY, seed_tenant
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mails import phish
from playwright.sync_api import FilePayload, expect
from windows import signed_in

from backend.commands import simulation as commands
from backend.domain.people import Role
from backend.errors import Conflict, NotAllowed, Unknown
from backend.flow import outbound, simulation_secrets, simulations
from backend.flow.simulation_secrets import Kind
from backend.flow.simulations import Markers
from backend.store import audit, outbox, submissions, tenants

PLACE = "/settings/simulations"
PROVEN = (
    f"Authentication-Results: {GATEWAY}; dkim=pass header.d=drills.example; dmarc=pass header.from=drills.example\n"
)
MARKED = f"{PROVEN}X-PHISHTEST: yes\nFrom: IT <it@drills.example>\nTo: {ANA}\nSubject: Password\n"


def policy(world):
    with world.services.database.read() as tx:
        return tenants.get(tx, world.tenant_id).policy


def log(world) -> list[audit.AuditLine]:
    with world.services.database.read() as tx:
        return audit.newest(tx, world.tenant_id)


def signed(tmp_path, private: str, raw: bytes) -> bytes:
    path = tmp_path / "exercise.key"
    path.write_text(private)
    ran = CliRunner().invoke(commands.sign, [str(path), ANA, "spring/7"], input=raw, catch_exceptions=False)
    return ran.stdout_bytes


def tried(browser, *, file: bytes = b"", pasted: str = "") -> str:
    fields = {"file": (io.BytesIO(file), "a.eml")} if file else {"pasted": pasted}
    answer = browser.post(f"{PLACE}/try", seen_on=PLACE, **fields)
    assert answer.status_code == 200
    return words_of(answer.text)


def shown_once(answer) -> str:
    """The key or token that an answer tells."""
    return re.search(r"The (?:private key|token) is (\S+)\. Copy it", words_of(answer.text))[1]


@pytest.fixture
def admin(app, world) -> Browser:
    return Browser(app).signed_in_as(world.operator(Role.ADMIN, "ada"))


def test_a_keys_private_half_is_shown_once_and_what_it_signs_is_an_exercise_until_it_is_ended(admin, world, tmp_path):
    private = shown_once(admin.post(f"{PLACE}/keys", seen_on=PLACE))
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private, validate=True))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    assert policy(world).simulations.keys == (public,)
    again = admin.text(PLACE)
    assert private not in again
    assert "made by ada" in again

    exercise = signed(tmp_path, private, phish(ANA))
    assert "It would be taken for an exercise: Signature. Campaign: spring/7" in tried(admin, file=exercise)
    assert "The mail has no header X-Unhook-Simulation." in tried(admin, file=phish(ANA))

    with world.services.database.read() as tx:
        [kept] = simulation_secrets.counting(tx, tenants.get(tx, world.tenant_id), Kind.KEY)
    admin.post(f"{PLACE}/keys/end", seen_on=PLACE, name=kept.name)
    assert policy(world).simulations.keys == ()
    assert "there is no key here to check it with" in tried(admin, file=exercise)
    assert [line.action for line in log(world)][:1] == ["simulation key ended"]
    assert private not in str(log(world))
    admin.post(f"{PLACE}/keys/end", seen_on=PLACE, name=kept.name)
    assert "This key or token has been ended already." in admin.text(PLACE)


def test_a_token_is_shown_once_and_kept_as_its_hash(admin, world):
    token = shown_once(admin.post(f"{PLACE}/tokens", seen_on=PLACE))
    [kept] = policy(world).senders.simulation_tokens
    assert len(token) == 32
    assert kept.startswith("sha256:")
    assert token not in admin.text(PLACE) + str(log(world)) + kept
    assert (log(world)[0].action, log(world)[0].detail) == ("simulation token made", {"counting": 1})

    assert "taken for an exercise: Token." in tried(admin, pasted=f"X-Unhook-Simulation: {token}\nFrom: a@b.example")
    assert "none of the tokens here" in tried(admin, pasted=f"X-Unhook-Simulation: {kept}\nFrom: a@b.example")
    with world.services.database.read() as tx:
        [name] = [one.name for one in simulation_secrets.counting(tx, tenants.get(tx, world.tenant_id), Kind.TOKEN)]
    admin.post(f"{PLACE}/tokens/end", seen_on=PLACE, name=name)
    assert "There is no token." in admin.text(PLACE)


def test_services_headers_and_senders_are_chosen_and_then_believed(admin, world):
    assert "has the marker of a service that you have not chosen" in tried(admin, pasted=MARKED)
    chosen = {"vendor": "knowbe4", "headers": "X-Our-Drill\n", "domains": " Drills.example", "addresses": "10.1.0.0/24"}
    assert admin.post(PLACE, seen_on=PLACE, **chosen).status_code == 303
    kept = policy(world).simulations
    assert (kept.vendors, kept.headers) == (("knowbe4",), ("X-Our-Drill",))
    assert (kept.domains, kept.addresses) == (("drills.example",), ("10.1.0.0/24",))
    assert log(world)[0].detail["simulations.domains"] == 1

    answer = tried(admin, pasted=MARKED)
    assert "It would be taken for an exercise: Marker." in answer
    assert f"{GATEWAY}: DKIM pass, SPF unknown, DMARC pass" in answer
    assert "nobody: no gateway of yours" in tried(admin, pasted=MARKED.replace(PROVEN, ""))
    with world.services.database.read() as tx:
        assert submissions.of_tenant(tx, world.tenant_id) == []

    assert admin.post(PLACE, seen_on=PLACE).status_code == 303
    assert policy(world).simulations.vendors == ()


@pytest.mark.parametrize(
    ("field", "line", "why"),
    [
        ("vendor", "acme-drills", "Choose from the services in the list."),
        ("headers", "X: y", "Line 1: X: y is not the name of a header."),
        ("headers", "X-A\nReceived", "Line 2: every mail has a header Received"),
        ("domains", "drills.example\ngmail.com", "Line 2: anybody can have an address like gmail.com"),
        ("domains", "10.1.0.0/24", "is none of an address, a domain"),
        ("addresses", "drills.example", "Line 1: drills.example is no IP address or network."),
        ("addresses", "10.0.0.0/8", "names too many"),
        ("addresses", "10.0.0.1\n" * 101, "At most 100 lines in each field."),
    ],
)
def test_a_wrong_line_is_named_and_the_form_stays_as_it_was(admin, world, field, line, why):
    fields = {"domains": "partner.example", field: line}
    answer = admin.post(PLACE, seen_on=PLACE, **fields)
    assert answer.status_code == 400
    assert why in words_of(answer.text)
    assert f"{fields['domains']}</textarea>" in answer.text
    assert policy(world).simulations.domains == ()


def test_what_a_command_had_set_may_stay(admin, world):
    world.set_policy(simulations={"domains": ["gmail.com"], "addresses": ["10.0.0.0/8"], "keys": ["no key"]})
    page = admin.text(PLACE)
    assert "set with a command, nobody knows when" in page
    answer = admin.post(PLACE, seen_on=PLACE, domains="gmail.com", addresses="10.0.0.0/8", vendor="cofense")
    assert answer.status_code == 303
    assert policy(world).simulations.vendors == ("cofense",)


def test_nothing_given_and_what_is_no_mail_are_said(admin):
    admin.post(f"{PLACE}/try", seen_on=PLACE)
    assert "Choose a file, or paste headers." in admin.text(PLACE)
    admin.post(f"{PLACE}/try", seen_on=PLACE, file=(io.BytesIO(b"\x89PNG"), "a.eml"))
    assert "This file is no mail." in admin.text(PLACE)


def test_who_is_told_of_reports_is_shown_and_a_webhook_is_added_from_here(admin, world):
    outbound.add(world.services, world.owner, "others", "webhook", "https://other.example.com/", ["approved"])
    outbound.add(world.services, world.owner, "all of it", "webhook", "https://all.example.com/", [])
    assert "others" not in admin.text(PLACE)
    fields = {"kind": "webhook", "event": "simulation.reported", "name": "platform"}
    answer = admin.post("/settings/outbound", seen_on=PLACE, address="https://drills.example.com/", **fields)
    assert "Its signing secret is whsec_" in words_of(answer.text)
    with world.services.database.read() as tx:
        assert outbox.all_of(tx, world.tenant_id)[-1].events == ("simulation.reported",)
    page = admin.text(PLACE)
    assert "platform https://drills.example.com/ 0 sent, 0 waiting, 0 given up" in page
    assert "all of it https://all.example.com/" in page


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_those_who_change_no_settings_change_nothing_here(world, role):
    somebody = world.operator(role)
    for act in (
        lambda: simulation_secrets.make(world.services, somebody, Kind.KEY),
        lambda: simulation_secrets.end(world.services, somebody, Kind.TOKEN, "x"),
        lambda: simulations.set_markers(world.services, somebody, Markers(vendors=("knowbe4",))),
        lambda: simulations.tried(world.services, somebody, b"From: a@b.example"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert policy(world).simulations.vendors == ()


def test_a_tenant_ends_only_its_own_keys_and_has_ten_at_most(world):
    other = seed_tenant(world.services, "other")
    for _ in range(10):
        simulation_secrets.make(world.services, world.owner, Kind.KEY)
    with pytest.raises(Conflict, match="There are 10 already"):
        simulation_secrets.make(world.services, world.owner, Kind.KEY)
    with world.services.database.read() as tx:
        here = tenants.get(tx, world.tenant_id)
        name = simulation_secrets.counting(tx, here, Kind.KEY)[0].name
        assert simulation_secrets.counting(tx, tenants.get(tx, other.tenant_id), Kind.KEY) == []
    with pytest.raises(Unknown):
        simulation_secrets.end(world.services, other.owner, Kind.KEY, name)
    assert len(policy(world).simulations.keys) == 10


@pytest.mark.browser
def test_in_a_browser_an_admin_sets_an_exercise_up_and_an_analyst_may_not(chromium, site, world, tmp_path):
    world.operator(Role.ADMIN, "ada")
    world.operator(Role.ANALYST, "anton")
    with signed_in(chromium, site, "ada") as page:
        page.goto("/settings")
        page.get_by_role("link", name="Simulations").click()
        page.get_by_role("button", name="Make a key").click()
        said = page.get_by_role("status").filter(has_text="The private key is").inner_text()
        private = said.partition("The private key is ")[2].partition(". Copy it")[0]
        page.get_by_label("KnowBe4").check()
        page.get_by_label("Addresses and domains of senders").fill("drills.example")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        expect(page.get_by_label("KnowBe4")).to_be_checked()

        exercise = signed(tmp_path, private, phish(ANA))
        page.get_by_label("A file (.eml or .msg)").set_input_files(
            FilePayload(name="drill.eml", mimeType="message/rfc822", buffer=exercise)
        )
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#try")).to_contain_text("It would be taken for an exercise: Signature.")
        page.get_by_label("or its headers").fill(MARKED.replace("drills.example", "evil.example"))
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#try")).to_contain_text("you have not listed them")

        page.get_by_role("button", name="End the key").click()
        expect(page.get_by_text("There is no key.")).to_be_visible()
    with signed_in(chromium, site, "anton") as page:
        expect(page.get_by_role("link", name="Settings")).to_have_count(0)
        token = page.locator('input[name="csrf_token"]').first.get_attribute("value")
        assert page.request.post(f"{PLACE}/keys", form={"csrf_token": token}).status == 403
        assert page.goto(PLACE).status == 403
        expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
    assert policy(world).simulations.keys == ()
    assert policy(world).simulations.vendors == ("knowbe4",)
