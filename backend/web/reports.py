"""Reports: what became of a person's own reports? For those who report; they have no account here.

They come by a link that is signed for them alone. Following it asks first, so that no program which looks at links in
mail begins a visit; then a cookie of its own, which opens these pages and no other, lasts for an hour.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Person
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import own_page
from backend.flow.contest import LONGEST_COMMENT, contest
from backend.flow.own_page import COOKIE, LINK, PATH, VISIT
from backend.flow.own_reports import MOST, accuracy, own_reports
from backend.flow.withdraw import withdraw
from backend.services import Services
from backend.store import people
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import services_here

NAME = "unhook_reports"
ONE = f"{PATH}/<int(min=1, max={HIGHEST_ID}):submission_id>"

pages = Blueprint("reports", __name__)
P = ParamSpec("P")
View = Callable[Concatenate[Services, Person, P], ResponseReturnValue]


def visitor(view: View[P]) -> Callable[P, ResponseReturnValue]:
    """Only somebody whose visit has begun and not ended; the view gets the services and who it is."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        services = services_here()
        person = own_page.whose(services, request.cookies.get(NAME, ""), COOKIE)
        if person is None:
            return render_template("reports_closed.html"), 401
        return view(services, person, *args, **kwargs)

    return checked


@pages.get(f"{PATH}/enter/<string(maxlength={own_page.LONGEST}):link>")
def ask(link: str) -> ResponseReturnValue:
    """Whoever follows a link is asked once whether they want to see this."""
    if own_page.whose(services_here(), link, LINK) is None:
        return render_template("reports_closed.html"), 401
    return render_template("reports_enter.html", link=link)


@pages.post(f"{PATH}/enter")
def enter() -> ResponseReturnValue:
    """Begin a visit."""
    services = services_here()
    person = own_page.whose(services, request.form.get("link", ""), LINK)
    if person is None:
        return render_template("reports_closed.html"), 401
    answer = make_response(redirect(url_for("web.reports.reports"), 303))
    _keep(answer, services, own_page.token_for(services, person, COOKIE, VISIT))
    return answer


@pages.get(PATH)
@visitor
def reports(services: Services, person: Person) -> ResponseReturnValue:
    """One's own reports, newest first, and how often one was right."""
    before = request.args.get("before", type=int)
    with services.database.read() as tx:
        found = own_reports(tx, services, person, before if before and 0 < before <= HIGHEST_ID else None, MOST + 1)
        record = accuracy(tx, services, person)
    more = found[MOST - 1].submission.id if len(found) > MOST else None
    return render_template(
        "reports.html", reports=found[:MOST], record=record, more=more, person=person, longest=LONGEST_COMMENT
    )


@pages.post(f"{ONE}/withdraw")
@visitor
def take_back(services: Services, person: Person, submission_id: int) -> ResponseReturnValue:
    """It was pressed by mistake."""
    _try(lambda: withdraw(services, person, submission_id), _("Your report is taken back. It counts for nothing."))
    return redirect(url_for("web.reports.reports"), 303)


@pages.post(f"{ONE}/contest")
@visitor
def object_to(services: Services, person: Person, submission_id: int) -> ResponseReturnValue:
    """The verdict is wrong."""
    comment = request.form.get("comment", "")
    said = _("Thank you. Somebody of your security team will look at it again.")
    _try(lambda: contest(services, person, submission_id, comment), said)
    return redirect(url_for("web.reports.reports", _anchor=f"r-{submission_id}"), 303)


@pages.post(f"{PATH}/leave")
@visitor
def leave(services: Services, person: Person) -> ResponseReturnValue:
    """End this visit; if it is asked for, every link in every mail as well."""
    if request.form.get("everywhere") == "yes":
        with services.database.begin() as tx:
            people.end_links(tx, person.tenant_id, person.id)
    answer = make_response(render_template("reports_closed.html", left=True))
    answer.delete_cookie(NAME, path=PATH, samesite="Lax")
    return answer


def _keep(answer: Response, services: Services, token: str) -> None:
    seconds, secure = int(VISIT.total_seconds()), services.settings.https_only
    answer.set_cookie(NAME, token, max_age=seconds, path=PATH, httponly=True, samesite="Lax", secure=secure)


def _try(act: Callable[[], object], done: str) -> None:
    """Act, and say so; what cannot be done is said on the page. Another person's report is not there at all."""
    try:
        act()
    except Unknown:
        raise
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(done, "done")
