"""No function of the store that was given one tenant reads or changes what belongs to another.

Every function that takes a tenant's id is called for `north` with ids of `south`; a function that is new and not called
here makes the last test fail.
"""

import importlib
import inspect
import pkgutil
from contextlib import suppress

import pytest
from rows import NOW, add_message, add_person, add_retraction, add_submission, add_tenant
from sqlalchemy import select

import backend.store
from backend.domain.people import POLICY, Role
from backend.domain.submission import Kind
from backend.errors import BadInput, UnhookError
from backend.store import audit, erasure, evidence, export, operators, people, retention, search
from backend.store.evidence import EvidenceMissing, EvidenceStore
from backend.store.tables import metadata

RAW = b"southern secret"
# Written and tested by others, or about the tenant itself.
ELSEWHERE = {
    "answers",
    "campaigns",
    "copies",
    "decisions",
    "labels",
    "messages",
    "psr_log",
    "retractions",
    "submissions",
    "verdicts",
    "views",
    "message_view",
    "log_view",
    "numbers",
}
OF_THE_TENANT = {"tenants.get", "tenants.save_policy", "tenants.change_policy", "retention.due", "audit.record"}


@pytest.fixture
def kept(tmp_path):
    return EvidenceStore(str(tmp_path / "evidence"))


@pytest.fixture
def south(database, kept):
    """A tenant with one of everything."""
    with database.begin() as tx:
        tenant = add_tenant(tx, "south")
        person = add_person(tx, tenant, "bo@south.example", "Bo South")
        message = add_message(tx, tenant, "f", subject="southern secret", evidence_sha256=kept.keep(tenant, RAW))
        evidence.record(tx, tenant, kept.keep(tenant, RAW), len(RAW), NOW)
        search.index_message(tx, tenant, message, "southern secret", "", "", "")
        add_submission(tx, tenant, person, message, mailbox="bo@south.example", comment="southern secret")
        add_retraction(tx, tenant, message)
        token = people.issue_token(tx, tenant, person, Kind.USER, NOW)
        operator = people.add_operator(tx, tenant, "sue", "correct horse battery", Role.OWNER, NOW)
        audit.record(tx, tenant, POLICY, "decided", f"message:{message}", {}, NOW)
    return {"tenant": tenant, "person": person, "message": message, "token": token, "operator": operator.id}


@pytest.fixture
def north(database):
    with database.begin() as tx:
        return add_tenant(tx, "north")


CALLS = {
    "audit.newest": lambda w: audit.newest(w.tx, w.north, subject=f"message:{w.south['message']}"),
    "operators.set_password": lambda w: operators.set_password(w.tx, w.north, w.south["operator"], "a new password"),
    "operators.disable_operator": lambda w: operators.disable_operator(w.tx, w.north, w.south["operator"], NOW),
    "people.find_person": lambda w: people.find_person(w.tx, w.north, "maildir", "subject-of-bo@south.example"),
    "people.get_person": lambda w: people.get_person(w.tx, w.north, w.south["person"]),
    "people.issue_token": lambda w: people.issue_token(w.tx, w.north, w.south["person"], Kind.USER, NOW),
    "people.revoke_tokens": lambda w: people.revoke_tokens(w.tx, w.north, w.south["person"], NOW),
    "search.find": lambda w: search.find(w.tx, w.north, "southern secret"),
    "search.index_message": lambda w: search.index_message(w.tx, w.north, w.south["message"], "x", "", "", ""),
    "search.set_keywords": lambda w: search.set_keywords(w.tx, w.north, w.south["message"], "x"),
}
WHOLE_STORE = {
    "erasure.erase_person": lambda d, k, n, s: erasure.erase_person(d, k, n, s["person"], NOW),
    "retention.expire_evidence": lambda d, k, n, s: retention.expire_evidence(d, k, n, NOW.replace(year=2036)),
}
ADDS_ONLY = {"people.add_person", "operators.add_operator", "evidence.record"}
LEAVES_OUT = {"export.export"}  # reads only; below


class Call:
    def __init__(self, tx, north, south):
        self.tx, self.north, self.south = tx, north, south


def everything_of(database, tenant):
    with database.read() as tx:
        return {
            table.name: tx.execute(select(table).where(table.c.tenant_id == tenant)).all()
            for table in metadata.sorted_tables
            if table.name != "tenants"
        }


@pytest.mark.parametrize("name", CALLS)
def test_ids_of_another_tenant_lead_nowhere(database, north, south, name):
    before = everything_of(database, south["tenant"])
    with database.begin() as tx:
        try:
            answer = CALLS[name](Call(tx, north, south))
        except UnhookError:
            answer = None
    assert not answer
    assert everything_of(database, south["tenant"]) == before
    assert not any(everything_of(database, north).values())


@pytest.mark.parametrize("name", WHOLE_STORE)
def test_what_is_done_to_one_tenant_leaves_the_other_as_it_was(database, kept, north, south, name):
    before = everything_of(database, south["tenant"])
    with suppress(UnhookError):
        assert not WHOLE_STORE[name](database, kept, north, south)
    assert everything_of(database, south["tenant"]) == before
    sha256 = before["evidence"][0].sha256
    assert kept.read(south["tenant"], sha256) == RAW
    with pytest.raises(EvidenceMissing):
        kept.read(north, sha256)


def test_the_same_names_in_two_tenants_are_two_things(database, kept, north, south):
    before = everything_of(database, south["tenant"])
    with database.begin() as tx:
        person = add_person(tx, north, "bo@south.example", "Bo North")
        evidence.record(tx, north, before["evidence"][0].sha256, 1, NOW)
        add_message(tx, north, "f")
        people.add_operator(tx, north, "ned", "correct horse battery", Role.OWNER, NOW)
    assert person != south["person"]
    assert everything_of(database, south["tenant"]) == before


def test_a_token_leads_to_its_own_tenant(database, north, south):
    with database.read() as tx:
        person, _kind = people.person_by_token(tx, south["token"])
    assert person.tenant_id == south["tenant"] != north


def test_an_export_of_one_tenant_names_nothing_of_another(database, north, south, tmp_path):
    try:
        export.export(database, north, tmp_path / "export")
    except BadInput:
        assert database.dialect == "postgresql"
        return
    assert "south" not in "".join(path.read_text() for path in (tmp_path / "export").iterdir())


def test_every_function_that_takes_a_tenant_is_called_here():
    known = {*CALLS, *WHOLE_STORE, *ADDS_ONLY, *LEAVES_OUT, *OF_THE_TENANT}
    found = set()
    for module in pkgutil.iter_modules(backend.store.__path__):
        if module.ispkg or module.name in ELSEWHERE:
            continue
        loaded = importlib.import_module(f"backend.store.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            ours = function.__module__ == loaded.__name__ and not name.startswith("_")
            if ours and "tenant_id" in inspect.signature(function).parameters:
                found.add(f"{module.name}.{name}")
    assert found == known
