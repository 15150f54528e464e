"""Overview page: what does it show to whom?"""

import pytest
from browser import Browser
from builders import ANA
from seeded import seed_message
from sqlalchemy import insert, update

from backend.domain.disposition import Disposition
from backend.domain.people import Role
from backend.flow import feedback
from backend.flow import overview as counting
from backend.policy.interval import interval
from backend.store.tables import audit, campaigns, messages
from model.measured import measured


@pytest.fixture
def judged(world) -> int:
    """A reported, retracted and judged message that belongs to a campaign."""
    seeded = seed_message(world, "Overdue invoice", retracted=True)
    with world.services.database.begin() as tx:
        row = {"tenant_id": world.tenant_id, "name": "", "first_seen_at": world.services.now()}
        campaign = tx.execute(insert(campaigns).values(**row).returning(campaigns.c.id)).scalar_one()
        tx.execute(update(messages).values(campaign_id=campaign))
    feedback.correct(world.services, world.owner, seeded.message_id, Disposition.MALICIOUS)
    return campaign


def seen_by(app, world, role: Role) -> str:
    return Browser(app).signed_in_as(world.operator(role, f"the {role}")).text("/overview")


def test_those_who_see_no_mail_see_numbers_only(app, world, judged):
    page = seen_by(app, world, Role.VIEWER)
    assert f"Campaign {judged} 1 1 1" in page
    assert f"Reporter {world.people[ANA].id} 1 of 1 100 %" in page
    for secret in ("Overdue invoice", "intranet-renewal", ANA, world.people[ANA].name):
        assert secret not in page


def test_campaigns_have_subjects_for_those_who_may_read_mail(app, world, judged):
    assert "Overdue invoice 1 1 1" in seen_by(app, world, Role.ANALYST)
    assert "Overdue invoice" not in seen_by(app, world, Role.ADMIN)


def test_names_stand_there_only_when_the_tenant_wants_them(owner, world, judged):
    name = world.people[ANA].name
    assert name not in owner.text("/overview")
    assert owner.post("/overview/names", seen_on="/overview", names="yes").location == "/overview"
    assert f"{name} 1 of 1" in owner.text("/overview")
    owner.post("/overview/names", seen_on="/overview", names="no")
    assert name not in owner.text("/overview")
    with world.services.database.read() as tx:
        changed = [row.detail for row in tx.execute(audit.select().where(audit.c.action == "settings changed"))]
    assert changed == [{"reporter_names": True}, {"reporter_names": False}]


def test_each_chart_has_its_table_and_its_sentence(owner, judged):
    page = owner.page("/overview")
    charts = page.count('<figure class="chart">')
    assert charts == 6  # nothing was scored as it arrived
    assert page.count("<details>") == charts
    assert page.count('role="img"') == page.count("<desc>") == 2 * charts
    assert "<script>" not in page
    assert 'style="' not in page


def test_an_empty_store_says_so_in_words(owner):
    page = owner.text("/overview")
    assert "Nothing was reported in these weeks." in page
    assert "No message with a margin was judged yet." in page


def test_the_page_is_not_counted_anew_each_time(owner, world):
    owner.get("/overview")
    seed_message(world)
    assert "Reports 0 " in owner.text("/overview")
    counting.count(world.services, world.tenant_id)
    assert "Reports 1 " in owner.text("/overview")


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (3, 10), (59, 59), (500, 1000)])
def test_an_interval_holds_its_share_and_narrows_with_numbers(hits, n):
    low, high = interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    wider_low, wider_high = interval(hits * 10, n * 10)
    assert wider_high - wider_low < high - low


def test_the_shipped_checkpoint_says_which_margins_it_was_measured_with(tmp_path):
    known = measured(None)
    assert known is not None
    assert known.legitimate < -2 < 0 < known.malicious
    assert measured(tmp_path) is None
    (tmp_path / "checkpoint.json").write_text('{"name": "x", "training": {"figures": {}}}')
    measured.cache_clear()
    assert measured(tmp_path) is None
