"""Tenants, people, tokens, operators, migrations: what an administrator types."""

import json
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.settings import read_settings
from backend.store import audit, people, tenants
from backend.store.database import open_database
from model.modules.simulations import hashed


def store():
    return open_database(read_settings().store_url)


def test_a_new_installation_is_migrated_and_migrating_again_is_harmless(unhook, data):
    first, second = unhook("migrate"), unhook("migrate")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith("From nothing to")
    assert second.stdout.startswith("The database is at")
    assert data.stat().st_mode & 0o777 == 0o700


def test_an_added_tenant_is_listed(unhook):
    unhook("tenant", "add", "acme", "Acme Ltd")
    assert unhook("tenant", "list").stdout.split() == ["acme", "maildir", "psr", "preview", "Acme", "Ltd"]


def test_adding_a_tenant_twice_is_refused_in_a_sentence(unhook):
    unhook("tenant", "add", "acme", "Acme Ltd")
    again = unhook("tenant", "add", "acme", "Another")
    assert (again.exit_code, again.stderr) == (1, "Error: There is a tenant 'acme' already.\n")


def test_a_policy_number_is_set_and_shown_and_written_down(acme):
    assert acme("tenant", "set", "acme", "psr.max_automatic", 200).exit_code == 0
    assert acme("tenant", "set", "acme", "senders.authserv_ids", '["mx.example.org"]').exit_code == 0
    policy = json.loads(acme("tenant", "policy", "acme").stdout)
    assert policy["psr"]["max_automatic"] == 200
    assert policy["senders"]["authserv_ids"] == ["mx.example.org"]
    with store().read() as tx:
        (tenant_id,) = tenants.all_ids(tx)
        lines = audit.newest(tx, tenant_id)
    assert {"psr": {"max_automatic": 200}} in [line.detail for line in lines]


def test_a_token_of_exercises_is_kept_as_its_hash_and_told_to_nobody(acme):
    assert acme("tenant", "set", "acme", "senders.simulation_tokens", '["drill-4711"]').exit_code == 0
    shown = acme("tenant", "policy", "acme").stdout
    assert json.loads(shown)["senders"]["simulation_tokens"] == [hashed("drill-4711")]
    with store().read() as tx:
        (tenant_id,) = tenants.all_ids(tx)
        told = str(audit.newest(tx, tenant_id))
    assert hashed("drill-4711") in told
    assert "drill-4711" not in shown + told


def test_a_key_for_exercises_is_printed_once_and_the_policy_gets_its_public_half(acme):
    printed = acme("simulation", "key", "acme").stdout.strip()
    key = Ed25519PrivateKey.from_private_bytes(b64decode(printed, validate=True))
    policy = acme("tenant", "policy", "acme").stdout
    assert json.loads(policy)["simulations"]["keys"] == [b64encode(key.public_key().public_bytes_raw()).decode()]
    with store().read() as tx:
        (tenant_id,) = tenants.all_ids(tx)
        line = audit.newest(tx, tenant_id)[0]
    assert (line.action, line.detail) == ("simulation key made", {"counting": 1})
    assert printed not in policy


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("psr.max_automatic", "many", "psr.max_automatic"),
        ("psr.colour", "1", "psr.colour"),
        ("weather.rain", "1", "weather"),
        ("actions.MALICIOUS", "burn", "burn"),
        ("psr.switch", "on", "licence"),
        ("psr", "1", "psr"),
    ],
)
def test_a_wrong_policy_number_is_refused_with_its_name(acme, key, value, why):
    refused = acme("tenant", "set", "acme", key, value)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert json.loads(acme("tenant", "policy", "acme").stdout)["psr"]["switch"] == "preview"


def test_a_token_proves_who_somebody_is_until_it_is_revoked(acme):
    token = acme("token", "issue", "acme", "ana@example.org").stdout.strip()
    with store().read() as tx:
        person, kind = people.person_by_token(tx, token)
    assert (person.address, kind) == ("ana@example.org", "user")

    assert acme("token", "revoke", "acme", "ana@example.org").stdout == "Revoked 1.\n"
    with store().read() as tx:
        assert people.person_by_token(tx, token) is None


def test_people_are_listed(acme):
    acme("person", "add", "acme", "ben@example.org", "--name", "Ben")
    lines = acme("person", "list", "acme").stdout.splitlines()
    assert [line.split()[1:] for line in lines] == [["ana@example.org", "Ana"], ["ben@example.org", "Ben"]]


def test_an_erased_person_has_no_name_and_no_token_left(acme):
    token = acme("token", "issue", "acme", "ana@example.org").stdout.strip()
    asked = acme("person", "erase", "acme", "ana@example.org", input="n\n")
    assert asked.exit_code == 1

    assert acme("person", "erase", "acme", "ana@example.org", "--yes").exit_code == 0
    assert "ana" not in acme("person", "list", "acme").stdout.lower()
    with store().read() as tx:
        assert people.person_by_token(tx, token) is None


def test_an_operator_signs_in_with_the_printed_password_until_there_is_a_new_one(acme):
    first = acme("operator", "add", "otto", "--tenant", "acme").stdout.split()[-1]
    second = acme("operator", "password", "otto").stdout.split()[-1]
    with store().read() as tx:
        assert people.check_password(tx, "otto", first) is None
        assert people.check_password(tx, "otto", second).name == "otto"


def test_a_password_from_standard_input_is_not_printed(acme):
    told = acme("operator", "password", "olga", "--password-stdin", input="correct horse battery\n")
    assert "horse" not in told.output
    with store().read() as tx:
        assert people.check_password(tx, "olga", "correct horse battery")


def test_a_short_password_is_refused(acme):
    refused = acme("operator", "password", "olga", "--password-stdin", input="short\n")
    assert (refused.exit_code, "characters" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "policy", "nobody"),
        ("person", "list", "nobody"),
        ("token", "issue", "acme", "zoe@example.org"),
        ("operator", "password", "nobody"),
        ("operator", "add", "x", "--tenant", "nobody"),
        ("person", "erase", "acme", "zoe@example.org", "--yes"),
        ("export", "nobody", "out"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(acme, words):
    refused = acme(*words)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    assert "Traceback" not in refused.output


def test_a_wrong_setting_is_named(unhook, monkeypatch):
    monkeypatch.setenv("UNHOOK_PORT", "many")
    refused = unhook("migrate")
    assert (refused.exit_code, "UNHOOK_PORT" in refused.stderr) == (1, True)
