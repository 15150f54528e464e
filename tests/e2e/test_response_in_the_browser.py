"""In a browser: the back-test, then the switch; refused without a licence, typed with one."""

import sys
import threading
from pathlib import Path

import pytest
from builders import make_services, seed_tenant
from werkzeug.serving import make_server

from backend.app import create_app
from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.store import psr_log, tenants

sys.path.append(str(Path(__file__).parents[1] / "web"))
from seeded import seed_message


@pytest.fixture
def site(tmp_path, sqlite_database):
    world = seed_tenant(make_services(tmp_path, sqlite_database, sign_ins_per_minute=1000))
    server = make_server("127.0.0.1", 0, create_app(world.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield world, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_the_switch_is_shut_without_a_licence_and_armed_by_typing_with_one(site, page):
    world, address = site
    page.goto(f"{address}/sign-in")
    page.get_by_label("Name").fill(world.owner.name)
    page.locator("input[type=password]").fill(f"password of {world.owner.name}")
    page.locator("main button").first.click()
    page.goto(f"{address}/settings/auto-retract")
    assert page.locator("input[name=psr][value=on]").is_disabled()

    for number in range(59):
        message_id = seed_message(world, f"mail {number}").message_id
        with world.services.database.begin() as tx:
            psr_log.judge(tx, world.tenant_id, message_id, Disposition.MALICIOUS, world.services.now())
    page.get_by_role("button", name="Run the back-test").click()
    page.get_by_text("It would have been right often enough.").wait_for()
    page.locator("input[name=psr][value=on]").check()
    page.locator("#typed-psr").fill("turn on")
    page.get_by_role("button", name="Save").nth(1).click()
    page.get_by_text("Phish Submission Response is now: On.").wait_for()
    with world.services.database.read() as tx:
        assert tenants.get(tx, world.tenant_id).policy.psr.switch is Psr.ON
