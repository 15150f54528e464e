"""MISP: how does a campaign with its indicators look as a MISP event?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.store.indicators import Indicators

_OURS = uuid5(NAMESPACE_URL, "https://unhook.invalid/misp")
THIS_ORGANISATION, HIGH, COMPLETED = "0", "1", "2"


def event(found: Indicators, tenant: str, now: datetime) -> dict[str, Any]:
    """One event, to be added by MISP's import; who shares it decides with whom, so it says nobody."""
    name = f"{tenant}|{found.campaign_id}"
    attributes = [
        {
            "uuid": str(uuid5(_OURS, f"{name}|{kind}|{value}")),
            "type": kind,
            "category": category,
            "to_ids": True,
            "value": value,
            "distribution": "5",  # as the event
        }
        for kind, category, value in _attributes(found)
    ]
    return {
        "Event": {
            "uuid": str(uuid5(_OURS, name)),
            "info": f"Phishing campaign {found.campaign_id} reported at {tenant}",
            "date": found.first_seen.date().isoformat(),
            "timestamp": str(int((now - datetime(1970, 1, 1)).total_seconds())),  # noqa: DTZ001 - the store's UTC
            "threat_level_id": HIGH,
            "analysis": COMPLETED,
            "distribution": THIS_ORGANISATION,
            "published": False,
            "Attribute": attributes,
            "Tag": [{"name": 'misp-galaxy:mitre-attack-pattern="Phishing - T1566"'}],
        }
    }


def _attributes(found: Indicators) -> Iterator[tuple[str, str, str]]:
    for sender in found.senders:
        yield "email-src", "Payload delivery", sender
    for link in found.links:
        yield "url", "Network activity", link
    for host in found.hosts:
        yield "ip-dst" if _is_number(host) else "hostname", "Network activity", host.strip("[]")
    for sha256 in found.files:
        yield "sha256", "Payload delivery", sha256


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
