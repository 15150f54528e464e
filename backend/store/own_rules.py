"""Own rules: what has a tenant written, which version of it acts, and how far is its back-test?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from backend.domain.own_rule import Rule, RuleTest, RunState, Says, Version
from backend.store.inserting import insert_unless_there
from backend.store.tables import messages, own_rule_tests, own_rule_versions, own_rules
from model.contract import OwnRule
from model.message.facts import Facts

MOST = 50  # rules of one tenant
MOST_VERSIONS = 200  # of one rule
_rules, _versions, _tests = own_rules.c, own_rule_versions.c, own_rule_tests.c


def acting(tx: Connection, tenant_id: int) -> tuple[OwnRule, ...]:
    """What is switched on, as scoring reads it."""
    on = and_(_versions.rule_id == _rules.id, _versions.number == _rules.active, _versions.tenant_id == tenant_id)
    columns = (_rules.name, _versions.source, _versions.meaning, _versions.says)
    here = select(*columns).join(own_rule_versions, on).where(_stands(tenant_id)).order_by(_rules.id).limit(MOST)
    return tuple(OwnRule(*row) for row in tx.execute(here))


def add(tx: Connection, tenant_id: int, name: str, now: datetime) -> int | None:
    """A new rule without a version; None when there is one of this name."""
    return insert_unless_there(tx, own_rules, {"tenant_id": tenant_id, "name": name, "created_at": now})


def all_of(tx: Connection, tenant_id: int) -> list[Rule]:
    """Every rule, by name."""
    rows = tx.execute(select(own_rules).where(_stands(tenant_id)).order_by(_rules.name).limit(MOST))
    return [_rule(row) for row in rows]


def get(tx: Connection, tenant_id: int, rule_id: int, *, lock: bool = False) -> Rule | None:
    """One rule of this tenant; with `lock`, nobody else changes it meanwhile."""
    here = select(own_rules).where(_stands(tenant_id), _rules.id == rule_id)
    row = tx.execute(here.with_for_update() if lock else here).first()
    return _rule(row) if row else None


def switch(tx: Connection, tenant_id: int, rule_id: int, number: int | None) -> bool:
    """Let this version act, or none. False when there is no such rule."""
    here = and_(_stands(tenant_id), _rules.id == rule_id)
    return tx.execute(update(own_rules).where(here).values(active=number)).rowcount == 1


def remove(tx: Connection, tenant_id: int, rule_id: int, now: datetime) -> bool:
    """It acts no more and is not shown; its versions stay. False when there is no such rule."""
    here = and_(_stands(tenant_id), _rules.id == rule_id)
    return tx.execute(update(own_rules).where(here).values(active=None, removed_at=now)).rowcount == 1


def save(
    tx: Connection, rule: Rule, source: str, meaning: str, says: Says, saved_by: str, now: datetime
) -> Version | None:
    """The next version; None when there are too many. The caller holds the rule."""
    mine = and_(_versions.tenant_id == rule.tenant_id, _versions.rule_id == rule.id)
    number = (tx.execute(select(func.max(_versions.number)).where(mine)).scalar() or 0) + 1
    if number > MOST_VERSIONS:
        return None
    values = {"tenant_id": rule.tenant_id, "rule_id": rule.id, "number": number, "source": source, "meaning": meaning}
    new = insert(own_rule_versions).values(**values, says=says, saved_by=saved_by, saved_at=now)
    return _version(tx.execute(new.returning(own_rule_versions)).one())


def versions(tx: Connection, tenant_id: int, rule_id: int) -> list[Version]:
    """What it said, the newest first."""
    here = and_(_versions.tenant_id == tenant_id, _versions.rule_id == rule_id)
    return [
        _version(row) for row in tx.execute(select(own_rule_versions).where(here).order_by(_versions.number.desc()))
    ]


def version(tx: Connection, tenant_id: int, version_id: int) -> Version | None:
    """One of them."""
    here = and_(_versions.tenant_id == tenant_id, _versions.id == version_id)
    row = tx.execute(select(own_rule_versions).where(here)).first()
    return _version(row) if row else None


def ask_test(tx: Connection, asked: Version, asked_by: str, total: int, now: datetime) -> int | None:
    """A back-test of this version; None while one is under way."""
    mine = and_(_tests.tenant_id == asked.tenant_id, _tests.version_id == asked.id)
    if tx.execute(select(_tests.id).where(mine, _tests.state == RunState.RUNNING)).first():
        return None
    values = {"tenant_id": asked.tenant_id, "version_id": asked.id, "asked_by": asked_by, "asked_at": now}
    values |= {"state": RunState.RUNNING, "total": total, "hits": {}, "examples": []}
    new: int = tx.execute(insert(own_rule_tests).values(**values).returning(_tests.id)).scalar_one()
    return new


def tests_of(tx: Connection, tenant_id: int, version_ids: Sequence[int]) -> dict[int, RuleTest]:
    """The newest back-test of each of these versions that has one."""
    here = and_(_tests.tenant_id == tenant_id, _tests.version_id.in_(version_ids))
    return {row.version_id: _test(row) for row in tx.execute(select(own_rule_tests).where(here).order_by(_tests.id))}


def claim_test(tx: Connection, test_id: int, now: datetime, lease: timedelta) -> RuleTest | None:
    """Take a back-test for one worker; None when another has it or it is over."""
    free = or_(_tests.leased_until.is_(None), _tests.leased_until < now)
    here = and_(_tests.id == test_id, _tests.state == RunState.RUNNING, free)
    values = {"lease": token_hex(8), "leased_until": now + lease}
    row = tx.execute(update(own_rule_tests).where(here).values(**values).returning(own_rule_tests)).first()
    return _test(row) if row else None


def note_progress(tx: Connection, test: RuleTest, until: datetime, **found: object) -> bool:
    """How far it is, and the lease goes on. False when somebody else has it now."""
    return _keep(tx, test, leased_until=until, **found)


def finish_test(tx: Connection, test: RuleTest, state: RunState, cause: str, now: datetime) -> bool:
    """It is over."""
    return _keep(tx, test, state=state, cause=cause, finished_at=now, lease="", leased_until=None)


def lost_tests(tx: Connection, now: datetime, limit: int = 20) -> list[int]:
    """Back-tests that nobody has in hand, across all tenants."""
    free = or_(_tests.leased_until.is_(None), _tests.leased_until < now)
    here = select(_tests.id).where(_tests.state == RunState.RUNNING, free)
    return list(tx.scalars(here.order_by(_tests.id).limit(limit)))


def count_mail(tx: Connection, tenant_id: int, most: int) -> int:
    """How many stored messages there are to look at, at most that many."""
    kept = select(messages.c.id).where(_readable(tenant_id)).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(kept)).scalar_one()


def mail_below(tx: Connection, tenant_id: int, below: int | None, limit: int) -> list[tuple[int, Facts]]:
    """The next stored messages, the newest first."""
    here = select(messages.c.id, messages.c.facts).where(_readable(tenant_id))
    if below is not None:
        here = here.where(messages.c.id < below)
    rows = tx.execute(here.order_by(messages.c.id.desc()).limit(limit))
    return [(row.id, Facts.from_json(row.facts)) for row in rows]


def _keep(tx: Connection, test: RuleTest, **values: object) -> bool:
    here = and_(_tests.tenant_id == test.tenant_id, _tests.id == test.id, _tests.lease == test.lease)
    return (
        tx.execute(update(own_rule_tests).where(here, _tests.state == RunState.RUNNING).values(**values)).rowcount == 1
    )


def _stands(tenant_id: int) -> ColumnElement[bool]:
    return and_(_rules.tenant_id == tenant_id, _rules.removed_at.is_(None))


def _readable(tenant_id: int) -> ColumnElement[bool]:
    return and_(messages.c.tenant_id == tenant_id, messages.c.erased_at.is_(None))


def _rule(row: Row[Any]) -> Rule:
    return Rule(row.id, row.tenant_id, row.name, row.active, row.created_at)


def _version(row: Row[Any]) -> Version:
    return Version(**{**row._mapping, "says": Says(row.says)})


def _test(row: Row[Any]) -> RuleTest:
    values: Mapping[str, Any] = {name: row._mapping[name] for name in RuleTest.__dataclass_fields__}
    return RuleTest(**{**values, "state": RunState(row.state), "examples": tuple(row.examples)})
