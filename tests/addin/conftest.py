"""Fixtures of the add-in's tests: the real web process on loopback, and a browser in which Outlook is a stub."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from builders import ANA, World, make_services, seed_tenant
from flask import Flask
from huey import MemoryHuey
from playwright.sync_api import Page, Route
from serving import serving

from backend.app import create_app
from backend.jobs import Queue

CLIENT = "11111111-2222-3333-4444-555555555555"
OFFICE_JS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
STUB = Path(__file__).parent / "office_stub.js"


@dataclass
class Installation:
    """One tenant behind a real web process, whose queue only collects."""

    world: World
    app: Flask
    address: str = ""


@pytest.fixture
def make_installation(tmp_path, sqlite_database) -> Iterator[Callable[..., Installation]]:
    made = []

    def make(**settings: object) -> Installation:
        services = make_services(tmp_path, sqlite_database, **settings)
        queue = Queue(MemoryHuey("tests", immediate=False, results=False))
        services = replace(services, wake=queue)
        queue.serve(services)
        made.append(services)
        return Installation(seed_tenant(services), create_app(services))

    yield make
    for services in made:
        services.database.close()


@pytest.fixture
def installation(make_installation) -> Iterator[Installation]:
    """With an app registration, on a socket of its own."""
    made = make_installation(
        outlook_addin_client_id=CLIENT, outlook_forward_to="security@example.org", withdraw_seconds=300
    )
    with serving(made.app) as made.address:
        yield made


@dataclass
class Outlook:
    """A browser that thinks it is Outlook: Office.js is a stub, and says what these fields say."""

    page: Page
    installation: Installation
    knows: dict[str, object]
    complaints: list[str] = field(default_factory=list)

    def open(self, **changes: object) -> Page:
        """The task pane, as Outlook opens it beside a message."""
        self.knows |= changes
        self.page.goto(f"{self.installation.address}/addin/taskpane.html")
        return self.page

    def answer_office_js(self, route: Route) -> None:
        stub = f"const OUTLOOK = {json.dumps(self.knows)};\n{STUB.read_text()}"
        route.fulfill(body=stub, content_type="text/javascript")


@pytest.fixture
def outlook(chromium, installation) -> Iterator[Outlook]:
    """Ana's, with a message open; Outlook vouches for her."""
    context = chromium.new_context(viewport={"width": 320, "height": 900}, locale="en-US")
    page = context.new_page()
    item = {"itemId": "EWS/1", "internetMessageId": "<zebra@pay.example>", "subject": "Zebra bonus"}
    knows = {
        "host": "Outlook",
        "account": ANA,
        "token": installation.world.tokens[ANA],
        "item": item,
        "mailbox": "1.14",
    }
    outlook = Outlook(page, installation, knows)
    page.route(OFFICE_JS, outlook.answer_office_js)
    page.on("console", lambda said: outlook.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: outlook.complaints.append(str(error)))
    yield outlook
    context.close()
