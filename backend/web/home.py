"""Home: where does an operator start? Those who see no mail get the numbers, which name nobody."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Operator, Right
from backend.services import Services
from backend.store import numbers
from backend.web.session import needs

pages = Blueprint("home", __name__)


@pages.get("/")
@needs(None)
def home(_services: Services, operator: Operator) -> ResponseReturnValue:
    """To the first page that the role includes."""
    if operator.may(Right.MAIL):
        return redirect(url_for("web.inbox.queue"), 303)
    first = "web.settings.settings" if operator.may(Right.SETTINGS) else "web.home.figures"
    return redirect(url_for(first), 303)


@pages.get("/numbers")
@needs(Right.METRICS)
def figures(services: Services, operator: Operator) -> ResponseReturnValue:
    """What came in and what became of it, without a word of mail."""
    with services.database.read() as tx:
        counted = numbers.last_days(tx, operator.tenant_id, services.now(), days=30)
    return render_template("numbers.html", numbers=counted, here="numbers")
