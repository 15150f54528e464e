"""In a real browser: signing in both ways, the operators' page, tokens and the audit log, and the wrong role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders import World, make_services, seed_tenant
from flask import Flask
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider
from playwright.sync_api import Page, expect
from pydantic import SecretStr
from serving import serving

from backend.app import create_app
from backend.domain.people import Role
from backend.flow import staff
from backend.store import sessions

AXE = Path(__file__).parents[2] / "addin/node_modules/axe-core/axe.min.js"
VERA = "vera@example.org"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        running.knows("vera-1", VERA)
        yield running


@dataclass(frozen=True)
class Site:
    """A running web process, and browsers that are signed in to it."""

    world: World
    app: Flask
    address: str

    def sign_in(self, page: Page, name: str) -> None:
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(f"password of {name}")
        page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture
def site(tmp_path, sqlite_database, provider) -> Iterator[Site]:
    services = make_services(
        tmp_path,
        sqlite_database,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SecretStr(CLIENT_SECRET),
        oidc_name="Example",
        sign_ins_per_minute=1000,
    )
    world = seed_tenant(services)
    app = create_app(services)
    with serving(app) as address:
        provider.client.redirect_uri = f"{address}/sign-in/provider/answer"
        yield Site(world, app, address)
    services.database.close()


def faults(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now."""
    found = page.evaluate(f"{AXE.read_text()};axe.run().then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].html))")
    return list(found)


def shot(page: Page, name: str, folder: Path) -> None:
    """For people who want to look: each width, light and dark."""
    for scheme in ("light", "dark"):
        for width in (390, 1280):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)


def test_an_owner_invites_somebody_who_signs_in_through_the_provider(site, page, chromium, tmp_path):
    site.sign_in(page, site.world.owner.name)
    page.get_by_role("link", name="Operators").click()
    page.get_by_label("E-mail address or name").fill(VERA)
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("Invited. They can sign in for two weeks from now on.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(VERA))).to_contain_text("invited until")
    assert faults(page) == []
    shot(page, "people", tmp_path)

    there = chromium.new_context().new_page()
    there.goto(f"{site.address}/queue")
    assert faults(there) == []
    shot(there, "sign-in", tmp_path)
    there.get_by_role("link", name="Sign in with Example").click()
    there.get_by_label("Person").fill("vera-1")
    there.get_by_role("button", name="Continue").click()
    expect(there).to_have_url(f"{site.address}/queue")
    expect(there.get_by_text(f"{VERA}, analyst")).to_be_visible()

    for address in ("/settings/people", "/settings/tokens", "/audit"):  # the wrong role
        assert there.goto(f"{site.address}{address}").status == 403
    expect(there.get_by_role("link", name="Operators")).to_have_count(0)
    there.context.close()


def test_a_password_that_an_owner_made_is_changed_at_the_first_sign_in(site, page, chromium, tmp_path):
    password = staff.add_with_password(site.world.services, site.world.owner, "nina", Role.ANALYST)
    with site.world.services.database.begin() as tx:  # somebody was here before, so that it may be used
        now = site.world.services.now()
        sessions.begin(tx, site.world.tenant_id, site.world.owner.id, "password", "", now, now - now)
    page.goto(f"{site.address}/sign-in")
    page.get_by_label("Name").fill("nina")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Somebody else knows your password.")).to_be_visible()
    assert faults(page) == []
    shot(page, "account", tmp_path)

    page.get_by_label("Current password").fill(password)
    page.get_by_label("New password", exact=True).fill("a password of my own")
    page.get_by_label("New password again").fill("a password of my own")
    page.get_by_role("button", name="Change the password").click()
    expect(page).to_have_url(f"{site.address}/queue")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()


def test_an_admin_makes_a_token_within_their_own_rights_and_finds_it_in_the_log(site, page, tmp_path):
    site.world.operator(Role.ADMIN, "adam")
    site.sign_in(page, "adam")
    page.get_by_role("link", name="Service tokens").click()
    expect(page.get_by_role("checkbox", name=re.compile("read:submissions"))).to_be_disabled()
    page.get_by_label("What it is for").fill("Grafana")
    page.get_by_role("checkbox", name=re.compile("read:metrics")).check()
    page.get_by_role("button", name="Make the token").click()
    told = page.get_by_text("The token is unhook_svc_").inner_text()
    held = re.search(r"unhook_svc_\S+(?=\. Copy)", told)[0]
    assert faults(page) == []
    shot(page, "tokens", tmp_path)

    client = site.app.test_client()
    asked = client.get("/api/v1/tenant/numbers", headers={"Authorization": f"Bearer {held}"})
    assert asked.status_code == 200

    page.get_by_role("button", name="Revoke Grafana").click()
    expect(page.get_by_text("The token is revoked.")).to_be_visible()
    assert client.get("/api/v1/tenant/numbers", headers={"Authorization": f"Bearer {held}"}).status_code == 401

    page.get_by_role("link", name="Audit log").click()
    page.get_by_label("Words").fill("token:1")
    page.get_by_role("button", name="Search").click()
    rows = page.get_by_role("row").filter(has_text="token:1")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("127.0.0.1")
    assert faults(page) == []
    shot(page, "audit", tmp_path)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert "token:1" in Path(download.value.path()).read_text()


def test_a_wrong_password_is_said_and_a_viewer_gets_no_page_of_these(site, page):
    site.world.operator(Role.VIEWER, "vic")
    page.goto(f"{site.address}/sign-in")
    page.get_by_label("Name").fill("vic")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    site.sign_in(page, "vic")
    for address in ("/settings/people", "/settings/tokens", "/audit"):
        assert page.goto(f"{site.address}{address}").status == 403
