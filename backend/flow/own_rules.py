"""Own rules: who writes one, when may it act, and is that taken back at once?"""

import re

from sqlalchemy import Connection

from backend.domain.own_rule import Rule, RunState, Says
from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.lists import may
from backend.flow.rule_backtest import MOST_MESSAGES
from backend.services import Services
from backend.store import audit, own_rules
from model.modules.own_rules import LONGEST
from model.modules.rule_check import check

LONGEST_MEANING = 200
_DOES_NOT_COMPILE = BadInput("The rule does not compile. Line %(line)s: %(error)s")
_NAME = re.compile(r"[a-z][a-z0-9_]{2,59}")


class DoesNotCompile(BadInput):
    """The source has errors; `lines` says where and what, in the compiler's words."""

    def __init__(self, lines: tuple[tuple[int, int, str], ...]) -> None:
        super().__init__(_DOES_NOT_COMPILE.sentence, line=lines[0][0], error=lines[0][2])
        self.lines = lines


def write(services: Services, operator: Operator, name: str, source: str, meaning: str, says: str) -> int:
    """A new rule with its first version, switched off. Returns its id. Raises NotAllowed, BadInput, Conflict."""
    may(operator)
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise BadInput("A name has 3 to 60 of a-z, 0-9 and _, and begins with a letter.")
    source, meaning = _checked(source, meaning, says)
    now = services.now()
    with services.database.begin() as tx:
        if len(own_rules.all_of(tx, operator.tenant_id)) >= own_rules.MOST:
            raise Conflict("There are %(most)s rules already; remove one first.", most=own_rules.MOST)
        rule_id = own_rules.add(tx, operator.tenant_id, name, now)
        if rule_id is None:
            raise Conflict("There is a rule %(name)s already.", name=name)
        rule = Rule(rule_id, operator.tenant_id, name, None, now)
        _save(tx, services, operator, rule, source, meaning, says)
    return rule_id


def change(services: Services, operator: Operator, rule_id: int, source: str, meaning: str, says: str) -> None:
    """The next version. What acts goes on acting until the new one is tested and switched on.

    Raises NotAllowed, BadInput, Unknown, Conflict when nothing changed.
    """
    may(operator)
    source, meaning = _checked(source, meaning, says)
    with services.database.begin() as tx:
        rule = _held(tx, operator, rule_id)
        last = own_rules.versions(tx, operator.tenant_id, rule_id)[0]
        if (last.source, last.meaning, last.says) == (source, meaning, says):
            raise Conflict("This is what version %(number)s says already.", number=last.number)
        _save(tx, services, operator, rule, source, meaning, says)


def ask_test(services: Services, operator: Operator, rule_id: int) -> None:
    """Have a worker run the newest version over stored mail. Raises NotAllowed, Unknown, Conflict.

    A rule can ask anything of a mail, and its hits are the answer: so this is for those who handle mail.
    """
    may(operator)
    if not operator.may(Right.MAIL):
        raise NotAllowed("What a rule hits tells what stands in mail; ask an analyst or an owner to run the back-test.")
    actor = Actor("operator", operator.id)
    with services.database.begin() as tx:
        rule = _held(tx, operator, rule_id)
        newest = own_rules.versions(tx, operator.tenant_id, rule_id)[0]
        total = own_rules.count_mail(tx, operator.tenant_id, MOST_MESSAGES)
        test_id = own_rules.ask_test(tx, newest, str(actor), total, services.now())
        if test_id is None:
            raise Conflict("A back-test of this version is under way.")
        _note(tx, services, operator, "rule back-tested", rule.id, version=newest.number)
    services.wake.rule_test(test_id)


def switch_on(services: Services, operator: Operator, rule_id: int, number: int) -> None:
    """Let this version act from the next message on; only one whose back-test has finished.

    Raises NotAllowed, Unknown, Conflict.
    """
    may(operator)
    with services.database.begin() as tx:
        rule = _held(tx, operator, rule_id)
        known = {one.number: one for one in own_rules.versions(tx, operator.tenant_id, rule_id)}
        if number not in known:
            raise Unknown("There is no such version.")
        test = own_rules.tests_of(tx, operator.tenant_id, [known[number].id]).get(known[number].id)
        if test is None or test.state is not RunState.FINISHED:
            raise Conflict("Version %(number)s has no finished back-test; run one first.", number=number)
        own_rules.switch(tx, operator.tenant_id, rule.id, number)
        _note(tx, services, operator, "rule switched on", rule.id, version=number)


def switch_off(services: Services, operator: Operator, rule_id: int) -> None:
    """It acts no more, from the next message on. Raises NotAllowed, Unknown."""
    may(operator)
    with services.database.begin() as tx:
        rule = _held(tx, operator, rule_id)
        own_rules.switch(tx, operator.tenant_id, rule.id, None)
        _note(tx, services, operator, "rule switched off", rule.id, version=rule.active or 0)


def remove(services: Services, operator: Operator, rule_id: int) -> None:
    """It acts no more and is not shown any more. Raises NotAllowed, Unknown."""
    may(operator)
    with services.database.begin() as tx:
        rule = _held(tx, operator, rule_id)
        own_rules.remove(tx, operator.tenant_id, rule.id, services.now())
        _note(tx, services, operator, "rule removed", rule.id)


def _checked(source: str, meaning: str, says: str) -> tuple[str, str]:
    """The source with the line ends of one system, and what it means."""
    source, meaning = "\n".join(source[: 2 * LONGEST].splitlines()).strip() + "\n", meaning.strip()
    if says not in list(Says):
        raise BadInput("Choose what a match says.")
    if not meaning or len(meaning) > LONGEST_MEANING or not meaning.isprintable():
        raise BadInput("Say in at most %(n)s characters what a match means.", n=LONGEST_MEANING)
    found = check(source)
    if found:
        raise DoesNotCompile(tuple((fault.line, fault.column, fault.message) for fault in found))
    return source, meaning


def _held(tx: Connection, operator: Operator, rule_id: int) -> Rule:
    rule = own_rules.get(tx, operator.tenant_id, rule_id, lock=True)
    if rule is None:
        raise Unknown("There is no such rule.")
    return rule


def _save(
    tx: Connection, services: Services, operator: Operator, rule: Rule, source: str, meaning: str, says: str
) -> None:
    actor = Actor("operator", operator.id)
    made = own_rules.save(tx, rule, source, meaning, Says(says), str(actor), services.now())
    if made is None:
        raise Conflict("A rule has at most %(n)s versions; write a new one.", n=own_rules.MOST_VERSIONS)
    _note(tx, services, operator, "rule saved", rule.id, version=made.number, says=says)


def _note(tx: Connection, services: Services, operator: Operator, what: str, rule_id: int, **detail: object) -> None:
    actor = Actor("operator", operator.id)
    audit.record(tx, operator.tenant_id, actor, what, f"rule:{rule_id}", detail, services.now())
