"""Home: where does an operator start? Those who see no mail get the overview, which names nobody to them."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Operator, Right
from backend.services import Services
from backend.web.session import needs

pages = Blueprint("home", __name__)


@pages.get("/")
@needs(None)
def home(_services: Services, operator: Operator) -> ResponseReturnValue:
    """To the first page that the role includes."""
    if operator.may(Right.MAIL):
        return redirect(url_for("web.inbox.queue"), 303)
    first = "web.settings.settings" if operator.may(Right.SETTINGS) else "web.overview.page"
    return redirect(url_for(first), 303)
