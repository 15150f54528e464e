"""STIX: how does a campaign with its indicators look in STIX 2.1?

Ids follow from what they name, so that the same indicator has the same id in every export. STIX wants one `created` for
one id; we keep no date of an export, and a campaign's beginning changes with what is merged into it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.store.indicators import Indicators

_OURS = uuid5(NAMESPACE_URL, "https://unhook.invalid/stix")
_CREATED = "2020-01-01T00:00:00.000Z"
Json = dict[str, Any]


def bundle(found: Indicators, tenant: str, now: datetime) -> Json:
    """The campaign, who says so, its indicators, and that they indicate it."""
    us, seen = _id("identity", tenant), {"created": _CREATED, "modified": _time(now)}
    common = {"spec_version": "2.1", "created_by_ref": us, **seen}
    identity = {"type": "identity", "id": us, "spec_version": "2.1", **seen, "name": tenant}
    campaign: Json = {
        "type": "campaign",
        "id": _id("campaign", tenant, str(found.campaign_id)),
        **common,
        "name": f"Campaign {found.campaign_id}",
        "first_seen": _time(found.first_seen),
        "last_seen": _time(found.last_seen),
    }
    indicators: list[Json] = [
        {
            "type": "indicator",
            "id": _id("indicator", tenant, pattern),
            **common,
            "indicator_types": ["malicious-activity"],
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": _time(found.first_seen),
        }
        for pattern in patterns(found)
    ]
    links = [
        {
            "type": "relationship",
            "id": _id("relationship", one["id"], campaign["id"]),
            **common,
            "relationship_type": "indicates",
            "source_ref": one["id"],
            "target_ref": campaign["id"],
        }
        for one in indicators
    ]
    objects: list[Json] = [{**identity, "identity_class": "organization"}, campaign, *indicators, *links]
    return {"type": "bundle", "id": _id("bundle", campaign["id"], _time(now)), "objects": objects}


def patterns(found: Indicators) -> Iterator[str]:
    """One pattern for each indicator; nothing in it is defanged, machines compare it."""
    for sender in found.senders:
        yield f"[email-message:from_ref.value = '{_quoted(sender)}']"
    for link in found.links:
        yield f"[url:value = '{_quoted(link)}']"
    for host in found.hosts:
        yield f"[{_kind_of(host)}:value = '{_quoted(host.strip('[]'))}']"
    for sha256 in found.files:
        yield f"[file:hashes.'SHA-256' = '{_quoted(sha256)}']"


def _kind_of(host: str) -> str:
    if ":" in host:
        return "ipv6-addr"
    return "ipv4-addr" if host.replace(".", "").isdigit() else "domain-name"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _id(kind: str, *parts: str) -> str:
    return f"{kind}--{uuid5(_OURS, '|'.join((kind, *parts)))}"


def _time(time: datetime) -> str:
    return time.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
