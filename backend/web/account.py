"""Account: one's own password, and where one is signed in."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.domain.people import Actor, Operator
from backend.errors import BadInput, Unknown
from backend.services import Services
from backend.store import audit, operators, sessions, staff
from backend.web import session as here
from backend.web.languages import spoken
from backend.web.session import needs
from backend.web.sign_in import told_to_wait, waits_here

pages = Blueprint("account", __name__)


@pages.get("/account")
@needs(None, before_change=True)
def account(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    with services.database.read() as tx:
        me = staff.member(tx, operator.tenant_id, operator.id)
        mine = sessions.counting(tx, operator.tenant_id, operator.id, services.now(), here.idle(services))
    return render_template("account.html", here="account", me=me, sessions=mine, this=g.session.id)


@pages.post("/account/password")
@needs(None, before_change=True)
def change_password(services: Services, operator: Operator) -> ResponseReturnValue:
    """A new password, by somebody who knows the old one; sessions elsewhere end."""
    waits = waits_here()
    current, new, again = (request.form.get(name, "")[:1001] for name in ("current", "new", "again"))
    account_key = waits.account(operator.name)
    if seconds := waits.seconds(account_key):
        flash(told_to_wait(-(-seconds // 60)), "wrong")
    elif new != again:
        flash(_("The two new passwords differ."), "wrong")
    elif new == current:
        flash(_("Choose another password than the one you have."), "wrong")
    elif not _is_theirs(services, operator, current):
        waits.failed(account_key)
        flash(_("That is not your current password."), "wrong")
    else:
        return _changed(services, operator, new)
    return redirect(url_for("web.account.account"), 303)


@pages.post("/account/sessions/end")
@needs(None, before_change=True)
def end_sessions(services: Services, operator: Operator) -> ResponseReturnValue:
    """Sign out in one place, or everywhere but here."""
    chosen = request.form.get("session", "")
    only = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    if chosen and only is None:
        raise BadInput("There is no such session.")
    who = Actor("operator", operator.id)
    with services.database.begin() as tx:
        but = g.session.id if only is None else None
        ended = sessions.end(tx, operator.tenant_id, operator.id, services.now(), only=only, but=but)
        if not ended and only is not None:
            raise Unknown("There is no such session.")
        detail = {"sessions": ended}
        audit.record(tx, operator.tenant_id, who, "sessions ended", str(who), detail, services.now())
    flash(ngettext("Signed out in one place.", "Signed out in %(num)s places.", ended), "done")
    return redirect(url_for("web.account.account"), 303)


def _is_theirs(services: Services, operator: Operator, password: str) -> bool:
    with services.database.read() as tx:
        return operators.check_password(tx, operator.name, password) == operator


def _changed(services: Services, operator: Operator, new: str) -> ResponseReturnValue:
    who = Actor("operator", operator.id)
    try:
        with services.database.begin() as tx:
            operators.set_password(tx, operator.tenant_id, operator.id, new)
            audit.record(tx, operator.tenant_id, who, "password changed", str(who), {}, services.now())
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.account.account"), 303)
    here.begin(services, operator, "password")  # every session begun with the old one has ended
    flash(_("Your password is changed. You are signed out everywhere else."), "done")
    return redirect(url_for("web.home.home"), 303)
