"""Signatures: which rules of our own are there, do they compile, what do they hit, and which of them act?"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.own_rule import RunState, Says
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import own_rules as flow
from backend.services import Services
from backend.store import operators, own_rules
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs
from backend.web.vocabulary import SAYS
from model.modules.reading import GLOBALS

pages = Blueprint("signatures", __name__)
ONE = f"/settings/signatures/<int(min=1, max={HIGHEST_ID}):rule_id>"
EXAMPLE = """rule invoice_of_partner
{
    strings:
        $subject = /\\x01subject [^\\n]{0,80}invoice/
        $bank = "new bank account"
    condition:
        all of them and links > 0 and not authenticated
}
"""


class Typed(NamedTuple):
    """What a form holds, so that a refusal loses nothing of it."""

    name: str = ""
    source: str = EXAMPLE
    meaning: str = ""
    says: str = Says.SUSPICIOUS


@pages.get("/settings/signatures")
@needs(Right.LISTS)
def signatures(services: Services, operator: Operator) -> ResponseReturnValue:
    """Every rule, and the form for another."""
    return _all(services, operator, Typed(), ())


@pages.post("/settings/signatures")
@needs(Right.LISTS)
def write(services: Services, operator: Operator) -> ResponseReturnValue:
    """A new rule, switched off; refused with the lines that are wrong and the form as it was."""
    typed = _typed()
    try:
        rule_id = flow.write(services, operator, typed.name, typed.source, typed.meaning, typed.says)
    except (BadInput, Conflict) as refusal:
        return _all(services, operator, typed, _refused(refusal)), 400
    flash(_("Saved, and switched off. Run the back-test before you switch it on."), "done")
    return _to(rule_id)


@pages.get(ONE)
@needs(Right.LISTS)
def signature(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """One rule: its source, its back-test, its versions."""
    return _one(services, operator, rule_id, None, ())


@pages.post(ONE)
@needs(Right.LISTS)
def change(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """The next version of it."""
    typed = _typed()
    try:
        flow.change(services, operator, rule_id, typed.source, typed.meaning, typed.says)
    except (BadInput, Conflict) as refusal:
        return _one(services, operator, rule_id, typed, _refused(refusal)), 400
    flash(_("Saved as a new version. What acted before goes on until this one is switched on."), "done")
    return _to(rule_id)


@pages.post(f"{ONE}/test")
@needs(Right.MAIL)
def test(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """Run the newest version over stored mail."""
    return _try(rule_id, lambda: flow.ask_test(services, operator, rule_id), _("The back-test is under way."))


@pages.post(f"{ONE}/on")
@needs(Right.LISTS)
def switch_on(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """Let the version that was looked at act."""
    number = request.form.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 5):
        raise BadInput("Choose a version.")
    said = _("It acts from the next message on.")
    return _try(rule_id, lambda: flow.switch_on(services, operator, rule_id, int(number)), said)


@pages.post(f"{ONE}/off")
@needs(Right.LISTS)
def switch_off(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """It acts no more."""
    return _try(rule_id, lambda: flow.switch_off(services, operator, rule_id), _("It acts no more."))


@pages.post(f"{ONE}/remove")
@needs(Right.LISTS)
def remove(services: Services, operator: Operator, rule_id: int) -> ResponseReturnValue:
    """It acts no more, and is not shown any more."""
    flow.remove(services, operator, rule_id)
    flash(_("Removed. Its versions stay in the store."), "done")
    return redirect(url_for("web.signatures.signatures"), 303)


def _all(services: Services, operator: Operator, typed: Typed, faults: tuple[tuple[int, int, str], ...]) -> str:
    with services.database.read() as tx:
        rules = own_rules.all_of(tx, operator.tenant_id)
        newest = {rule.id: own_rules.versions(tx, operator.tenant_id, rule.id)[0] for rule in rules}
        tests = own_rules.tests_of(tx, operator.tenant_id, [one.id for one in newest.values()])
    shown = [(rule, newest[rule.id], tests.get(newest[rule.id].id)) for rule in rules]
    return render_template("signatures.html", rules=shown, **_shared(operator, typed, faults))


def _one(
    services: Services, operator: Operator, rule_id: int, typed: Typed | None, faults: tuple[tuple[int, int, str], ...]
) -> str:
    with services.database.read() as tx:
        rule = own_rules.get(tx, operator.tenant_id, rule_id)
        if rule is None:
            raise Unknown("There is no such rule.")
        versions = own_rules.versions(tx, operator.tenant_id, rule_id)
        tests = own_rules.tests_of(tx, operator.tenant_id, [one.id for one in versions])
        names = {f"operator:{number}": name for number, name in operators.names(tx, operator.tenant_id).items()}
    newest = versions[0]
    typed = typed or Typed(rule.name, newest.source, newest.meaning, newest.says)
    shown: dict[str, Any] = {"rule": rule, "versions": versions, "newest": newest, "tests": tests, "names": names}
    shown |= {"test": tests.get(newest.id), "states": RunState}
    return render_template("signature.html", **shown, **_shared(operator, typed, faults))


def _shared(operator: Operator, typed: Typed, faults: tuple[tuple[int, int, str], ...]) -> dict[str, Any]:
    here = "settings" if operator.may(Right.SETTINGS) else "lists"
    return {"here": here, "typed": typed, "faults": faults, "says": SAYS, "globals": list(GLOBALS)}


def _typed() -> Typed:
    return Typed(*(request.form.get(name, "") for name in Typed._fields))


def _refused(refusal: BadInput | Conflict) -> tuple[tuple[int, int, str], ...]:
    """Say it above the page; the lines that are wrong stand at the source as well."""
    flash(spoken(refusal), "wrong")
    return refusal.lines if isinstance(refusal, flow.DoesNotCompile) else ()


def _try(rule_id: int, act: Callable[[], object], said: str) -> ResponseReturnValue:
    try:
        act()
    except Conflict as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(said, "done")
    return _to(rule_id)


def _to(rule_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.signatures.signature", rule_id=rule_id), 303)
