"""Invalid: what came in by mail and brought nothing, and who has seen to it?"""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from backend.domain.people import Operator, Right
from backend.domain.received_mail import Problem
from backend.errors import Conflict
from backend.flow import invalid_mail
from backend.services import Services
from backend.store import received_mails
from backend.store.label_view import names_of
from backend.web.evidence import as_file
from backend.web.inbox import MOST_COUNTED, tab_counts
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

PER_PAGE = 50
MOST_PAGES = 1000
ONE = f"/invalid/<int(min=1, max={HIGHEST_ID}):mail_id>"
PROBLEMS = {
    Problem.WRONG_ADDRESS: lazy_gettext("The address means nothing here"),
    Problem.NO_MAIL: lazy_gettext("No mail is attached"),
    Problem.PICTURE: lazy_gettext("A picture instead of the mail"),
    Problem.OTHER_FILE: lazy_gettext("Another file instead of the mail"),
    Problem.UNREADABLE: lazy_gettext("The attached mail cannot be read"),
    Problem.TOO_LARGE: lazy_gettext("The attached mail is too large"),
    Problem.TOO_MANY: lazy_gettext("Too many mails are attached: the first ones were taken"),
}

pages = Blueprint("invalid", __name__)


@pages.get("/invalid")
@needs(Right.MAIL)
def listed(services: Services, operator: Operator) -> ResponseReturnValue:
    """Those that wait, or those that were seen to, the newest first."""
    page = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    handled = request.args.get("seen") == "yes"
    with services.database.read() as tx:
        tenant_id, skip = operator.tenant_id, (page - 1) * PER_PAGE
        rows = received_mails.invalid(tx, tenant_id, PER_PAGE + 1, skip, handled=handled)
        names = names_of(tx, tenant_id, {row.handled_by for row in rows})
        counts = tab_counts(tx, tenant_id)
    shown = {"rows": rows[:PER_PAGE], "more": len(rows) > PER_PAGE, "page": page, "handled": handled, "names": names}
    tabs = {"counts": counts, "most": MOST_COUNTED, "tab": "invalid"}
    return render_template("invalid.html", here="queue", problems=PROBLEMS, **shown, **tabs)


@pages.post(f"{ONE}/handled")
@needs(Right.MAIL)
def handled(services: Services, operator: Operator, mail_id: int) -> ResponseReturnValue:
    """Somebody has seen to it."""
    try:
        invalid_mail.handle(services, operator, mail_id)
    except Conflict as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(_("Marked as handled."), "done")
    return redirect(url_for("web.invalid.listed"), 303)


@pages.get(f"{ONE}/raw")
@needs(Right.MAIL)
def warning(services: Services, operator: Operator, mail_id: int) -> ResponseReturnValue:
    """What the raw mail is, and what it can do, before it is downloaded."""
    mail = invalid_mail.known(services, operator, mail_id)
    return render_template("invalid_raw.html", here="queue", mail=mail, problems=PROBLEMS)


@pages.post(f"{ONE}/raw")
@needs(Right.MAIL)
def download(services: Services, operator: Operator, mail_id: int) -> Response:
    """The bytes as they came, as a file that no browser opens."""
    return as_file(invalid_mail.raw_of(services, operator, mail_id), f"received-{mail_id}.eml")
