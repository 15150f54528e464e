"""Me: in which language, time zone and light does an operator work, and with the keys or without?"""

import pytz
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh

from backend.domain.people import Operator, Preferences, Theme
from backend.errors import BadInput
from backend.services import Services
from backend.store import preferences
from backend.web.languages import LANGUAGE_COOKIE, LANGUAGES, zone_of_the_browser
from backend.web.preferred import THEME_COOKIE, preferred
from backend.web.session import inside, needs
from backend.web.vocabulary import THEMES

pages = Blueprint("me", __name__)
A_YEAR = 365 * 24 * 3600


@pages.get("/me")
@needs(None)
def me(_services: Services, _operator: Operator) -> ResponseReturnValue:
    """The page."""
    shown = {"chosen": preferred(), "languages": LANGUAGES, "themes": THEMES, "zones": pytz.common_timezones}
    return render_template("me.html", here="me", zone=zone_of_the_browser(), **shown)


@pages.post("/me")
@needs(None)
def prefer(services: Services, operator: Operator) -> ResponseReturnValue:
    """Remember it, here and for the pages that come before sign-in."""
    chosen = _chosen()
    with services.database.begin() as tx:
        preferences.keep(tx, operator.tenant_id, operator.id, chosen)
    response = make_response(redirect(url_for("web.me.me"), 303))
    _remember(response, LANGUAGE_COOKIE, chosen.language)
    _remember(response, THEME_COOKIE, "" if chosen.theme is Theme.AUTO else chosen.theme)
    g.preferred = chosen
    refresh()  # type: ignore[no-untyped-call]  # "Saved" is said in the language that was just chosen
    flash(_("Saved."), "done")
    return response


@pages.post("/language")
def speak() -> ResponseReturnValue:
    """In this language from now on, for somebody who is not signed in."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        raise BadInput("Choose one of the languages.")
    response = make_response(redirect(inside(request.form.get("after", "")) or url_for("web.home.home"), 303))
    _remember(response, LANGUAGE_COOKIE, wanted)
    return response


def _chosen() -> Preferences:
    """What the form says. An empty language or time zone is the browser's."""
    given = request.form
    language, zone, theme = given.get("language", ""), given.get("time_zone", ""), given.get("theme", "")
    if language not in {"", *LANGUAGES}:
        raise BadInput("Choose one of the languages.")
    if zone and zone not in pytz.common_timezones_set:
        raise BadInput("Choose one of the time zones.")
    if theme not in list(Theme):
        raise BadInput("Choose light, dark or automatic.")
    return Preferences(language, zone, Theme(theme), given.get("keys") == "on")


def _remember(response: Response, cookie: str, value: str) -> None:
    """For a year, or no longer when there is nothing to remember."""
    if value:
        response.set_cookie(
            cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure, path="/"
        )
    else:
        response.delete_cookie(cookie, samesite="Lax", path="/")
