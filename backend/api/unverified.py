"""Unverified: how can somebody report a message who cannot prove who they are?"""

import re

from flask import request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from backend.api.bodies import Thanks, UnverifiedBody, plain
from backend.api.reading import read_report
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
        settings = self._services.settings
        if not settings.unverified_per_minute:
            raise Unknown("Reports without a token are not taken here. Use your reporter's token.")
        tenant_id = self._tenant(tenant_slug)
        most = min(MOST_BYTES, settings.max_message_bytes)
        body = read_report(request, UnverifiedBody, most)

        report = Report(
            tenant_id=tenant_id,
            person_id=None,
            mailbox="",
            comment=body.comment,
            submitted_as=body.submitted_as,
            kind=Kind.USER,
            identity=Identity.UNVERIFIED,
        )
        intake(self._services, report, body.raw)
        return plain(Thanks()), 202

    def _tenant(self, slug: str) -> int:
        """A slug is in every address given out, so it is no secret; taking a report for nobody would lose it."""
        if _SLUG.fullmatch(slug):
            with self._services.database.read() as tx:
                tenant = tenants.by_slug(tx, slug)
            if tenant is not None:
                return tenant.id
        raise Unknown("There is no organisation of this name here. Check the address you were given.")
