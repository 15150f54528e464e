"""Consent: where does an administrator grant Unhook its permissions, and whom does the answer that returns belong to?

Microsoft's answer comes as an address that anybody can write. It is believed for no more than this: somebody who is
signed in here asked for consent a moment ago, and Microsoft did not say no. What was granted is then tried.
"""

import re
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

from backend.domain.finding import Said, Words
from backend.domain.people import Operator
from backend.errors import BadInput, Conflict
from backend.flow.grant import WHAT_TO_DO
from backend.settings import Settings

ASKED = "consent"  # in the session of whoever asks
LASTS = timedelta(minutes=20)
_CODE = re.compile(r"AADSTS\d{1,8}")
_ERROR = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Answer:
    """What came back. `refused` is empty when Microsoft did not say no."""

    refused: str
    told: Words


def ask(
    session: MutableMapping[str, Any],
    settings: Settings,
    operator: Operator,
    directory: str,
    returns_to: str,
    now: datetime,
) -> str:
    """The address where an administrator of `directory` is asked; the session remembers, once, who asked.

    Raises Conflict when a setting is missing.
    """
    if not settings.outlook_client_id or not settings.public_url:
        raise Conflict("Set UNHOOK_OUTLOOK_CLIENT_ID and UNHOOK_PUBLIC_URL first: consent needs both.")
    if not directory:
        raise Conflict("This tenant has no Microsoft directory.")
    state = secrets.token_urlsafe(32)
    until = (now + LASTS).isoformat()
    session[ASKED] = {"state": state, "operator": operator.id, "tenant": operator.tenant_id, "until": until}
    query = {
        "client_id": settings.outlook_client_id,
        "scope": f"{graph_host(settings)}/.default",
        "redirect_uri": f"{settings.public_url}{returns_to}",
        "state": state,
    }
    return f"{settings.microsoft_login_url}/{directory}/v2.0/adminconsent?{urlencode(query)}"


def answer(
    session: MutableMapping[str, Any], operator: Operator, directory: str, said: Mapping[str, str], now: datetime
) -> Answer:
    """What Microsoft's answer means. Raises BadInput for one that this operator did not ask for just now."""
    asked = session.pop(ASKED, None)  # once, whatever comes of it
    ours = isinstance(asked, dict) and compare_digest(asked["state"].encode(), said.get("state", "").encode())
    if not ours or (asked["operator"], asked["tenant"]) != (operator.id, operator.tenant_id):
        raise BadInput("This answer does not belong to a question of yours. Start again with “Ask for consent”.")
    if now >= datetime.fromisoformat(asked["until"]):
        raise BadInput("This took too long. Start again with “Ask for consent”.")

    if "error" in said:  # decides: Microsoft says admin_consent=True beside errors, too
        return _refusal(said)
    if said.get("admin_consent", "").lower() != "true":
        return Answer("unclear", (Said("Microsoft's answer does not say that consent was given."),))
    if said.get("tenant", "").lower() != directory.lower():
        says = Said(
            "Consent was given in another directory than this tenant's. Sign in to Microsoft as its administrator."
        )
        return Answer("another directory", (says,))
    return Answer("", (Said("Microsoft says that consent was given. Below is what trying it has shown."),))


def graph_host(settings: Settings) -> str:
    """Microsoft Graph without its version: whose permissions are asked for."""
    address = urlsplit(settings.microsoft_graph_url)
    return f"{address.scheme}://{address.netloc}"


def _refusal(said: Mapping[str, str]) -> Answer:
    """Only codes are repeated: the rest of the address may be anybody's words."""
    code = _CODE.search(said.get("error_description", ""))
    error = said["error"] if _ERROR.fullmatch(said["error"]) else "error"
    name = f"{error}, {code[0]}" if code else error
    advice = WHAT_TO_DO.get(code[0]) if code else None
    if advice is None and error == "access_denied":
        advice = Said("The administrator declined. Nothing was granted.")
    says = Said("Microsoft did not grant it (%(name)s).", {"name": name})
    return Answer(name, (says, advice) if advice else (says,))
