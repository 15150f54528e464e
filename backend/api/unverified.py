"""Unverified: how can somebody report a message who cannot prove who they are?"""

import re
from collections.abc import Callable

from flask import request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from backend.api.bodies import Thanks, UnverifiedBody, UnverifiedOutlookBody, plain
from backend.api.reading import read_json, read_report
from backend.domain.microsoft import PROVIDER
from backend.domain.submission import Identity, Kind, Report
from backend.errors import Unknown
from backend.flow.intake import intake
from backend.services import Services
from backend.store import tenants

MOST_BYTES = 5_000_000  # of one message: strangers may not fill the disk
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class UnverifiedReports(MethodView):
    """Reports for one tenant, by whoever knows its name. Switched on by UNHOOK_UNVERIFIED_PER_MINUTE."""

    init_every_request = False

    def __init__(self, services: Services) -> None:
        self._services = services

    def post(self, tenant_slug: str) -> ResponseReturnValue:
        """Keep the message for the operators' queue. Nothing in the answer depends on which message it is.

        The report names no person and no mailbox, so the reporter neuron stays at 0 and PSR never acts on it.
        """
        most = most_bytes(self._services)
        tenant_id = self._tenant(tenant_slug)
        body = read_report(request, UnverifiedBody, most)

        intake(self._services, unverified(tenant_id, body), body.raw)
        return plain(Thanks()), 202

    def _tenant(self, slug: str) -> int:
        """A slug is in every address given out, so it is no secret; taking a report for nobody would lose it."""
        if _SLUG.fullmatch(slug):
            with self._services.database.read() as tx:
                tenant = tenants.by_slug(tx, slug)
            if tenant is not None:
                return tenant.id
        raise Unknown("There is no organisation of this name here. Check the address you were given.")


class UnverifiedOutlookReports(MethodView):
    """Reports from Outlook whose sender could not sign in. `limit` counts what is sent to one directory."""

    init_every_request = False

    def __init__(self, services: Services, limit: Callable[[str], None]) -> None:
        self._services = services
        self._limit = limit

    def post(self) -> ResponseReturnValue:
        """Keep it for the operators' queue. The answer depends neither on the message nor on the directory.

        Without the message itself it is looked for later, by its Message-ID. That proves the message, never the person.
        """
        body = read_json(request, UnverifiedOutlookBody, most_bytes(self._services))
        self._limit(body.directory.lower())
        with self._services.database.read() as tx:
            tenant = tenants.by_directory(tx, PROVIDER, body.directory)

        if tenant is not None:
            intake(self._services, unverified(tenant.id, body, body.internet_message_id), body.raw)
        return plain(Thanks()), 202


def most_bytes(services: Services) -> int:
    """How large a stranger's message may be. Raises Unknown where nothing is taken from strangers."""
    if not services.settings.unverified_per_minute:
        raise Unknown("Reports without a token are not taken here. Use your reporter's token.")
    return min(MOST_BYTES, services.settings.max_message_bytes)


def unverified(tenant_id: int, body: UnverifiedBody | UnverifiedOutlookBody, internet_message_id: str = "") -> Report:
    """The report as intake keeps it: of nobody, from no mailbox."""
    return Report(
        tenant_id=tenant_id,
        person_id=None,
        mailbox="",
        internet_message_id=internet_message_id,
        comment=body.comment,
        submitted_as=body.submitted_as,
        kind=Kind.USER,
        identity=Identity.UNVERIFIED,
    )
