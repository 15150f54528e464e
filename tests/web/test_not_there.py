"""An address that nobody serves: whoever has signed in keeps the menu, a stranger learns nothing."""

import pytest
from browser import Browser, words_of
from sqlalchemy import text

from backend.domain.people import Role
from backend.store import sessions

NOWHERE = {"path": "/nowhere", "headers": {"Accept": "text/html"}}


def seen_by(browser: Browser) -> str:
    answer = browser.client.get(**NOWHERE)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    return answer.text


@pytest.mark.parametrize(
    ("role", "shown", "kept"),
    [(Role.OWNER, ("Queue", "Settings"), ()), (Role.VIEWER, ("Overview",), ("/queue", "/settings", "/audit"))],
)
def test_somebody_who_has_signed_in_keeps_their_own_menu(app, world, role, shown, kept):
    page = seen_by(Browser(app).signed_in_as(world.operator(role, "the reader")))
    assert "the reader, " in words_of(page)
    assert all(name in words_of(page) for name in shown)
    assert not any(f'href="{address}"' in page for address in kept)


def test_a_stranger_is_told_no_page_and_neither_is_one_whose_session_has_ended(app, stranger, world):
    left = Browser(app).signed_in_as(world.owner)
    with world.services.database.begin() as tx:
        sessions.end(tx, world.tenant_id, world.owner.id, world.services.now())
    for nobody in (stranger, left):
        page = seen_by(nobody)
        assert "<li>" not in page.split('<nav aria-label="Pages">')[1].split("</nav>")[0]
        assert world.owner.name not in page
        assert "csrf_token" not in page


def test_a_store_that_cannot_be_used_makes_it_no_other_page(owner, world):
    with world.services.database.begin() as tx:
        tx.execute(text("ALTER TABLE sessions RENAME TO elsewhere"))
    assert owner.get("/queue").status_code == 503
    assert "<li>" not in seen_by(owner).split("</nav>")[0]
