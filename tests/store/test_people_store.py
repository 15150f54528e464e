"""People are known by their provider's subject, prove themselves by a token, and operators by a password."""

import hashlib
from datetime import timedelta

import pytest
from rows import NOW, add_person, add_tenant
from scan import places
from sqlalchemy import select

from backend.domain.people import Right, Role
from backend.domain.submission import Kind
from backend.errors import BadInput, Conflict, Unknown
from backend.store import operators, people
from backend.store.tables import operators as operator_rows
from backend.store.tables import people as people_rows
from backend.store.tables import tokens

PASSWORD = "correct horse battery"


@pytest.fixture
def tenant(database):
    with database.begin() as tx:
        return add_tenant(tx)


def test_one_subject_is_one_person_whose_newest_address_counts(database, tenant):
    with database.begin() as tx:
        first = people.add_person(tx, tenant, "outlook", "oid-1", "Ana@Old.example", "Ana", NOW)
        again = people.add_person(
            tx, tenant, "outlook", "oid-1", "ana@new.example ", "Ana Sand", NOW + timedelta(days=1)
        )
        other = people.add_person(tx, tenant, "gmail", "oid-1", "ana@new.example", "Ana", NOW)
        assert first.address == "ana@old.example"
        assert (again.id, again.address, again.name) == (first.id, "ana@new.example", "Ana Sand")
        assert other.id != first.id
        assert people.find_person(tx, tenant, "outlook", "oid-1") == again == people.get_person(tx, tenant, first.id)
        assert people.find_person(tx, tenant, "outlook", "oid-2") is None


def test_a_token_names_its_person_and_is_kept_only_as_a_hash(database, tenant):
    with database.begin() as tx:
        person = add_person(tx, tenant)
        token = people.issue_token(tx, tenant, person, Kind.TEAM, NOW)
        found, kind = people.person_by_token(tx, token)
        assert (found.id, kind) == (person, Kind.TEAM)
        assert tx.scalar(select(tokens.c.token_sha256)) == hashlib.sha256(token.encode()).hexdigest()
    assert places(database, token.removeprefix("unhook_")) == []


@pytest.mark.parametrize("token", ["", "x", "unhook_", "\x00", "\ud800", "a" * 100_000])
def test_a_token_that_was_never_issued_names_nobody(database, tenant, token):
    with database.begin() as tx:
        people.issue_token(tx, tenant, add_person(tx, tenant), Kind.USER, NOW)
        assert people.person_by_token(tx, token) is None


def test_a_revoked_token_names_nobody_and_a_new_one_does(database, tenant):
    with database.begin() as tx:
        person = add_person(tx, tenant)
        old = people.issue_token(tx, tenant, person, Kind.USER, NOW)
        assert people.revoke_tokens(tx, tenant, person, NOW) == 1
        assert people.revoke_tokens(tx, tenant, person, NOW) == 0
        new = people.issue_token(tx, tenant, person, Kind.USER, NOW)
        assert people.person_by_token(tx, old) is None
        assert people.person_by_token(tx, new)[0].id == person


def test_the_right_password_opens_the_account_and_no_other(database, tenant):
    with database.begin() as tx:
        made = people.add_operator(tx, tenant, "ana", PASSWORD, Role.ANALYST, NOW)
        assert people.check_password(tx, "ana", PASSWORD) == made == people.get_operator(tx, made.id)
        assert made.may(Right.MAIL)
        for name, password in [("ana", PASSWORD + "."), ("ana", ""), ("bo", PASSWORD), ("ana", "\ud800"), ("", "")]:
            assert people.check_password(tx, name, password) is None
        assert tx.scalar(select(operator_rows.c.password_hash)).startswith("$argon2id$")
    assert places(database, PASSWORD) == []


def test_a_name_that_nobody_has_costs_a_hash_as_well(database, tenant, monkeypatch):
    verified = []
    monkeypatch.setattr(operators, "_verify", lambda expected, password: verified.append(expected) or False)
    with database.read() as tx:
        people.check_password(tx, "nobody", PASSWORD)
    assert verified[0].startswith("$argon2id$")


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 1001])
def test_a_weak_or_endless_password_is_refused(database, tenant, password):
    with database.begin() as tx, pytest.raises(BadInput, match="12 to 1000"):
        people.add_operator(tx, tenant, "ana", password, Role.OWNER, NOW)


def test_operators_names_are_unique_over_all_tenants(database, tenant):
    with database.begin() as tx:
        people.add_operator(tx, tenant, "ana", PASSWORD, Role.OWNER, NOW)
        with pytest.raises(Conflict, match="ana"):
            people.add_operator(tx, add_tenant(tx, "south"), "ana", PASSWORD, Role.OWNER, NOW)


def test_a_new_password_or_a_closed_account_ends_all_sessions(database, tenant):
    with database.begin() as tx:
        ana = people.add_operator(tx, tenant, "ana", PASSWORD, Role.OWNER, NOW)
        assert people.session_of(tx, ana.id) == (ana, 1)
        people.set_password(tx, tenant, ana.id, "another long password")
        assert people.session_of(tx, ana.id) == (ana, 2)
        assert people.check_password(tx, "ana", PASSWORD) is None
        people.disable_operator(tx, tenant, ana.id, NOW)
        assert people.session_of(tx, ana.id) is people.get_operator(tx, ana.id) is None
        assert people.check_password(tx, "ana", "another long password") is None


def test_somebody_who_is_not_there_is_unknown(database, tenant):
    with database.begin() as tx:
        assert people.get_person(tx, tenant, 99) is people.session_of(tx, 99) is None
        with pytest.raises(Unknown):
            people.issue_token(tx, tenant, 99, Kind.USER, NOW)
        with pytest.raises(Unknown):
            people.set_password(tx, tenant, 99, PASSWORD)


def test_two_transactions_that_add_the_same_person_make_one(database, tenant):
    with database.begin() as tx:
        first = add_person(tx, tenant)
    with database.begin() as tx:
        assert add_person(tx, tenant) == first
        assert len(tx.execute(select(people_rows.c.id)).all()) == 1
