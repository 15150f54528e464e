"""Own reports: how does a person take a report back, contest its verdict, or get to their own page?"""

from collections.abc import Callable, Iterator
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from backend.api.bodies import (
    HIGHEST_ID,
    ContestBody,
    ContestReceipt,
    OwnAccuracy,
    OwnPageLink,
    plain,
)
from backend.api.identity import Identifier
from backend.api.limits import identified
from backend.api.reading import read_body
from backend.api.submissions import view_of
from backend.flow import own_page
from backend.flow.contest import contest
from backend.flow.own_reports import accuracy
from backend.flow.withdraw import withdraw
from backend.services import Services

ONE = f"/api/v1/submissions/<int(min=1, max={HIGHEST_ID}):submission_id>"
MOST_BYTES = 20_000  # of a contest
Route = tuple[str, str, Callable[..., Any], str]


def routes(services: Services, identifier: Identifier) -> Iterator[Route]:
    """(path, name, view, method)."""

    def taken_back(submission_id: int) -> ResponseReturnValue:
        """Within seconds after the report; another person's is as unknown as none at all."""
        who = identified(identifier)
        withdraw(services, who.person, submission_id)
        return plain(view_of(services, who, submission_id))

    def contested(submission_id: int) -> ResponseReturnValue:
        """It waits for an operator."""
        who = identified(identifier)
        body = read_body(request, ContestBody, MOST_BYTES)
        number = contest(services, who.person, submission_id, body.comment)
        return plain(ContestReceipt(contest=number)), 201

    def link() -> ResponseReturnValue:
        """To the page of one's own reports."""
        who = identified(identifier)
        path = own_page.path_to(services, who.person, own_page.OF_A_BUTTON)
        url = f"{services.settings.public_url or request.host_url.rstrip('/')}{path}"
        return plain(OwnPageLink(url=url, until=services.now() + own_page.OF_A_BUTTON))

    def record() -> ResponseReturnValue:
        """How often one was right."""
        who = identified(identifier)
        with services.database.read() as tx:
            found = accuracy(tx, services, who.person)
        return plain(OwnAccuracy(judged=found.judged, right=found.right, low=found.low, high=found.high))

    yield f"{ONE}/withdraw", "withdraw", taken_back, "POST"
    yield f"{ONE}/contest", "contest", contested, "POST"
    yield "/api/v1/own-page", "own_page", link, "POST"
    yield "/api/v1/own-accuracy", "own_accuracy", record, "GET"
