"""How long does Gmail wait for a card, from the real web process before a Google on loopback?"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from builders import ANA
from mails import phish
from measure import load, show, spread
from plant import Plant
from workspace.addon import Button, GoogleWithAddOn
from workspace.addon_site import ADMIN, DOMAIN, URL
from workspace.google import CERTS, TOKEN
from workspace.tokens import ADD_ON, OAUTH_CLIENT

from backend.services import utc_now
from backend.store import tenants
from backend.store.database import open_database, upgrade

EVENTS = 200
WARM = 20
AT_ONCE = 8


@pytest.fixture
def google(tmp_path):
    folder = tmp_path / "google"
    folder.mkdir()
    with GoogleWithAddOn(folder) as running:
        yield running


def test_gmails_cards(tmp_path: Path, google: GoogleWithAddOn):
    plant = _plant(tmp_path, google)
    button = Button(google, None, URL, ANA)  # type: ignore[arg-type]
    mails = [
        google.store.put(ANA, phish(ANA, f"<{n}@x>", extra=f"Case {n}."), {"INBOX"})
        for n in range(3 * (EVENTS + WARM) + 1)
    ]
    try:
        plant.start("serve")
        plant.wait_until_ready()
        rows = {
            "message opened -> card": _timed(plant, button, "/gmail/message", [None] * (EVENTS + WARM)),
            "homepage -> card": _timed(plant, button, "/gmail/homepage", [None] * (EVENTS + WARM)),
            "report, read on loopback -> card": _timed(plant, button, "/gmail/report", mails[: EVENTS + WARM]),
            "reported again -> card": _timed(plant, button, "/gmail/report", mails[: EVENTS + WARM]),
            "result asked for again -> card": _timed(plant, button, "/gmail/refresh", [None] * (EVENTS + WARM), "1"),
        }
        google.troubles.order("messages.get", status=500, times=10**6)
        rows["report, message not to be had -> card"] = _timed(
            plant, button, "/gmail/report", mails[EVENTS + WARM : 2 * (EVENTS + WARM)]
        )
        google.latency = 0.1
        google.troubles.ordered.clear()
        rows["report, Google 100 ms away -> card"] = _timed(
            plant, button, "/gmail/report", mails[2 * (EVENTS + WARM) : -1]
        )
        google.latency = 0
        rows[f"reported again, {AT_ONCE} at once -> card"] = _timed(
            plant, button, "/gmail/report", mails[: EVENTS + WARM], at_once=AT_ONCE
        )
    finally:
        plant.stop()

    show(f"Gmail's cards, one web process, SQLite, {load()}", {name: spread(taken) for name, taken in rows.items()})
    assert {len(taken) for taken in rows.values()} == {EVENTS}
    assert google.calls["certs"] == 1


def _plant(folder: Path, google: GoogleWithAddOn) -> Plant:
    google.store.add(ANA)
    plant = Plant(
        {
            "UNHOOK_DATA_DIR": str(folder / "data"),
            "UNHOOK_EVIDENCE_URL": str(folder / "evidence"),
            "UNHOOK_SECRET_KEY": "for tests only",
            "UNHOOK_SUBMISSIONS_PER_MINUTE": "100000",
            "UNHOOK_PUBLIC_URL": URL,
            "UNHOOK_CA_FILE": str(google.ca_file),
            "UNHOOK_GMAIL_KEY": google.key,
            "UNHOOK_GMAIL_ADDON_ACCOUNT": ADD_ON,
            "UNHOOK_GMAIL_ADDON_CLIENT_ID": OAUTH_CLIENT,
            "UNHOOK_GOOGLE_TOKEN_URL": google.url + TOKEN,
            "UNHOOK_GOOGLE_CERTS_URL": google.url + CERTS,
            "UNHOOK_GMAIL_URL": google.url,
            "UNHOOK_GOOGLE_ADMIN_URL": google.url,
        },
        folder,
    )
    (folder / "data").mkdir(mode=0o700)
    database = open_database(f"sqlite:///{folder / 'data' / 'unhook.db'}")
    upgrade(database)
    with database.begin() as tx:
        tenants.add(tx, "acme", "Acme", "gmail", utc_now(), DOMAIN, ADMIN)
    database.close()
    return plant


def _timed(plant: Plant, button: Button, path: str, mails: list, number: str = "", at_once: int = 1) -> list[float]:
    """Seconds from the posted event to its card, for all but the first few."""
    parameters = {"submission": number} if number else {}
    events = [button.event(mail, parameters=dict(parameters)) for mail in mails]
    token = button.google.tokens.system_token(URL + path)

    def post(event: dict) -> float:
        begun = time.perf_counter()
        answer = client.post(path, json=event, headers={"Authorization": f"Bearer {token}"})
        taken = time.perf_counter() - begun
        assert answer.status_code == 200, answer.text
        assert "Card" in answer.text, answer.text
        assert '"problem"' not in answer.text, answer.text
        return taken

    with httpx.Client(base_url=plant.address, timeout=30) as client, ThreadPoolExecutor(at_once) as people:
        return list(people.map(post, events))[WARM:]
