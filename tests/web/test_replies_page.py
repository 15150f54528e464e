"""In a browser: an admin puts a text to people into the tenant's own words, looks at it first, and takes it back."""

import pytest
from playwright.sync_api import expect
from windows import signed_in

from backend.domain.people import Role
from backend.store import reply_texts


def own(world) -> str | None:
    with world.services.database.read() as tx:
        text = reply_texts.find(tx, world.tenant_id, "none", "de")
    return text.body if text else None


@pytest.mark.browser
def test_a_text_is_changed_with_a_look_at_it_first_and_set_back(chromium, site, world):
    world.operator(Role.ADMIN, "ada")
    with signed_in(chromium, site, "ada") as page:
        page.goto("/settings")
        page.get_by_role("link", name="Texts to people").click()
        page.locator('a[href="/settings/replies/none/de"]').click()
        page.get_by_label("What it says").fill("Alles gut, sagt {organisation}. {pasword}")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("alert")).to_contain_text("{pasword} is no placeholder")
        expect(page.get_by_label("What it says")).to_have_value("Alles gut, sagt {organisation}. {pasword}")

        page.get_by_label("What it says").fill("Alles gut, sagt {organisation}. <b>Danke</b>")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#preview")).to_contain_text("Alles gut, sagt Acme. <b>Danke</b>")
        assert own(world) is None

        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("This is what is sent from now on")).to_be_visible()
        assert own(world) == "Alles gut, sagt {organisation}. <b>Danke</b>"

        page.get_by_role("button", name="Back to the text that Unhook brings").click()
        expect(page.get_by_text("This is the text that Unhook brings.")).to_be_visible()
        assert own(world) is None
