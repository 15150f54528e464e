"""People: who works here, and as what? For owners; nobody decides about themselves."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.domain.people import Operator, Right, Role
from backend.errors import BadInput, Conflict
from backend.flow import staff
from backend.services import Services
from backend.store import staff as members
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("people", __name__)
ONE = f"/settings/people/<int(min=1, max={HIGHEST_ID}):operator_id>"


@pages.get("/settings/people")
@needs(Right.PEOPLE)
def people(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    return _page(services, operator)


@pages.post("/settings/people")
@needs(Right.PEOPLE)
def add(services: Services, operator: Operator) -> ResponseReturnValue:
    """Invite by address where there is a provider; else a name with a password to hand over."""
    role, name = _role(), request.form.get("name", "")
    if services.settings.oidc_issuer and request.form.get("way") != "password":
        said = _("Invited. They can sign in for two weeks from now on.")
        _try(lambda: staff.invite(services, operator, name, role), said)
        return _back()
    return _tell(services, operator, lambda: staff.add_with_password(services, operator, name, role))


@pages.post(f"{ONE}/role")
@needs(Right.PEOPLE)
def set_role(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """Another role."""
    role = _role()
    _try(lambda: staff.set_role(services, operator, operator_id, role), _("The role is changed."))
    return _back()


@pages.post(f"{ONE}/invite")
@needs(Right.PEOPLE)
def invite(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """Let whoever proves an address be this operator."""
    email = request.form.get("email", "")
    said = _("Invited. They can sign in for two weeks from now on.")
    _try(lambda: staff.invite_again(services, operator, operator_id, email), said)
    return _back()


@pages.post(f"{ONE}/password")
@needs(Right.PEOPLE)
def new_password(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """A password to hand over."""
    return _tell(services, operator, lambda: staff.new_password(services, operator, operator_id))


@pages.post(f"{ONE}/sign-out")
@needs(Right.PEOPLE)
def sign_out(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """End every session of somebody."""
    ended: list[int] = []
    _try(lambda: ended.append(staff.sign_out(services, operator, operator_id)), "")
    if ended:
        flash(ngettext("Signed out in one place.", "Signed out in %(num)s places.", ended[0]), "done")
    return _back()


@pages.post(f"{ONE}/close")
@needs(Right.PEOPLE)
def close(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """Nobody signs in with this account any more."""
    said = _("The account is closed. What they did stays in the audit log.")
    _try(lambda: staff.close(services, operator, operator_id), said)
    return _back()


@pages.post(f"{ONE}/reopen")
@needs(Right.PEOPLE)
def reopen(services: Services, operator: Operator, operator_id: int) -> ResponseReturnValue:
    """The account counts again."""
    _try(lambda: staff.reopen(services, operator, operator_id), _("The account is open again."))
    return _back()


def _role() -> Role:
    chosen = request.form.get("role", "")
    if chosen not in list(Role):
        raise BadInput("Choose one of the four roles.")
    return Role(chosen)


def _try(act: Callable[[], object], done: str) -> None:
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        if done:
            flash(done, "done")


def _tell(services: Services, operator: Operator, make: Callable[[], str]) -> ResponseReturnValue:
    """Shown once, in this very answer: a redirect would carry it in a cookie. Only its hash is kept."""
    try:
        password = make()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
        return _back()
    said = _("Their password is %(password)s. Hand it over now: it is not shown again, and they must change it.")
    return _page(services, operator, said % {"password": password})


def _page(services: Services, operator: Operator, once: str = "") -> str:
    with services.database.read() as tx:
        everybody = members.members(tx, operator.tenant_id)
    shown = {"members": everybody, "roles": list(Role), "now": services.now(), "once": once}
    return render_template("people.html", here="people", provider=bool(services.settings.oidc_issuer), **shown)


def _back() -> ResponseReturnValue:
    return redirect(url_for("web.people.people"), 303)
