"""A campaign's indicators, as STIX that the library reads and as MISP; only of what is bad, only of one's own."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import stix2
from builders import make_services, seed_tenant
from seeded_campaign import EVIL, seed_campaign
from stix2patterns.validator import run_validator

from backend.domain.disposition import Disposition
from backend.domain.people import Actor
from backend.errors import Unknown
from backend.flow import share
from backend.store import audit
from model.message.facts import Address, Authentication, Link

WHO = Actor("token", 1)


@pytest.fixture
def world(tmp_path, database):
    services = make_services(tmp_path, database)
    yield seed_tenant(services)
    services.database.close()


def shared(world, campaign: int, form: str = "stix"):
    return share.indicators(world.services, world.tenant_id, campaign, form, WHO)


def test_the_bundle_is_stix_and_its_patterns_are_patterns(world):
    campaign = seed_campaign(world)
    told = shared(world, campaign)
    parsed = stix2.parse(json.dumps(told), allow_custom=False)
    kinds = [one.type for one in parsed.objects]
    assert kinds.count("campaign") == kinds.count("identity") == 1
    assert kinds.count("indicator") == kinds.count("relationship") == 7
    patterns = [one.pattern for one in parsed.objects if one.type == "indicator"]
    assert all(run_validator(pattern, stix_version="2.1") == [] for pattern in patterns)
    assert "[url:value = 'https://evil.example/it\\'s/%22here']" in patterns
    assert "[domain-name:value = 'evil.example']" in patterns
    assert "[ipv4-addr:value = '198.51.100.7']" in patterns
    assert f"[file:hashes.'SHA-256' = '{'ab' * 32}']" in patterns
    assert "[email-message:from_ref.value = 'desk@evil.example']" in patterns


def test_the_same_indicator_has_the_same_id_in_every_export(world):
    campaign = seed_campaign(world)
    first, second = shared(world, campaign), shared(world, campaign)
    ids = [[one["id"] for one in told["objects"]] for told in (first, second)]
    assert ids[0] == ids[1]


def test_what_two_campaigns_share_is_one_object_to_whoever_takes_both(world):
    """The same id with another `created` is a contradiction, which STIX forbids."""
    exports = []
    for days in (0, 3):
        later = replace(world.services, now=lambda days=days: world.services.now() + timedelta(days=days))
        exports.append(shared(world, seed_campaign(replace(world, services=later), mark=str(days))))
    first, second = ({one["id"]: one["created"] for one in told["objects"]} for told in exports)
    both = set(first) & set(second)
    assert len(both) == 8  # the identity and seven indicators
    assert all(first[one] == second[one] for one in both)


def leads_to(*urls: str) -> tuple[Link, ...]:
    hosts = [(url, url.split("/")[2]) for url in urls]
    return tuple(Link(url, host, ".".join(host.split(".")[-2:]), "a") for url, host in hosts)


def values(world, **fields) -> set[tuple[str, str]]:
    event = shared(world, seed_campaign(world, attachments=(), **fields), "misp")["Event"]
    return {(one["type"], one["value"]) for one in event["Attribute"]}


def test_what_an_attack_borrows_is_not_shared_as_if_it_were_the_attack(world):
    links = leads_to(
        "https://evil.example/login",
        "https://www.microsoft.com/privacy",
        "https://bit.ly/3abc",
        "https://intranet.example.org/wiki",
        "http://[2001:db8::7]/x",
    )
    told = values(world, links=links, to=(Address("Ana", "ana@example.org"),))
    assert told == {
        ("email-src", "desk@evil.example"),
        ("email-src", "it@evil.example"),
        ("url", "https://evil.example/login"),
        ("hostname", "evil.example"),
        ("url", "https://bit.ly/3abc"),
        ("url", "http://[2001:db8::7]/x"),
        ("ip-dst", "2001:db8::7"),
    }
    pattern = "[ipv6-addr:value = '2001:db8::7']"
    assert pattern in {one.get("pattern") for one in shared(world, 1)["objects"]}


@pytest.mark.parametrize(
    ("sender", "aligned", "told"),
    [
        ("desk@evil.example", True, True),
        ("desk@evil.example", None, True),
        ("somebody@gmail.com", True, True),
        ("security@microsoft.com", None, False),
        ("boss@partner.example", False, False),
        ("boss@example.org", True, False),
    ],
)
def test_a_forged_sender_is_nobodys_indicator(world, sender, aligned, told):
    fields = {"from_": (Address("", sender),), "authentication": Authentication(aligned=aligned)}
    found = values(world, to=(Address("Ana", "ana@example.org"),), **fields)
    assert (("email-src", sender) in found) is told


def test_misp_gets_each_with_its_type(world):
    told = shared(world, seed_campaign(world), "misp")["Event"]
    assert {(one["type"], one["value"]) for one in told["Attribute"]} >= {
        ("email-src", "desk@evil.example"),
        ("url", EVIL),
        ("hostname", "evil.example"),
        ("ip-dst", "198.51.100.7"),
        ("sha256", "ab" * 32),
    }
    assert told["published"] is False
    assert all(one["to_ids"] for one in told["Attribute"])


@pytest.mark.parametrize("disposition", [Disposition.NONE, Disposition.SPAM, Disposition.BULK])
def test_what_is_not_bad_is_shared_with_nobody(world, disposition):
    campaign = seed_campaign(world, disposition=disposition)
    with pytest.raises(Unknown, match="stands as malicious"):
        shared(world, campaign)


def test_an_exercise_is_shared_with_nobody(world):
    campaign = seed_campaign(world, simulation=True)
    with pytest.raises(Unknown):
        shared(world, campaign)


def test_another_tenants_campaign_is_not_there(world):
    campaign = seed_campaign(world)
    other = seed_tenant(world.services, "other")
    with pytest.raises(Unknown, match="no such campaign"):
        shared(replace(other), campaign)


def test_sharing_is_in_the_audit_log(world):
    campaign = seed_campaign(world)
    shared(world, campaign, "misp")
    with world.services.database.read() as tx:
        line = audit.newest(tx, world.tenant_id)[0]
    assert (line.action, line.actor, line.subject, line.detail) == (
        "indicators exported",
        "token:1",
        f"campaign:{campaign}",
        {"form": "misp"},
    )
