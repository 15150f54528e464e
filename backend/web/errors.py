"""Errors: what does an operator see when a page says no?"""

import structlog
from flask import Blueprint, Flask, Response, g, make_response, render_template, request
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from werkzeug.exceptions import HTTPException, NotFound

from backend.api import errors as api
from backend.api.errors import STATUS
from backend.errors import StoreUnavailable, UnhookError
from backend.web import headers, session
from backend.web.languages import spoken

log = structlog.get_logger()

_TITLES = {
    400: _("That could not be used"),
    403: _("Not for your role"),
    404: _("There is nothing here"),
    409: _("Not possible right now"),
    413: _("Too large"),
    429: _("Too many attempts"),
    503: _("The store cannot be reached"),
}
_SENTENCES = {
    400: _("The form is out of date, or the request was not a form of this site. Go back, reload the page, try again."),
    404: _("The page is gone, or it never was. The queue has everything that waits for you."),
    429: _("Wait a minute, then try again."),
    500: _("The fault is on our side. Your administrator finds the reason in the log."),
    503: _("Nothing was changed. Try again in a moment."),
}


def register(web: Blueprint) -> None:
    """Answer every refusal of a page with a page."""
    web.register_error_handler(UnhookError, _refused)
    web.register_error_handler(HTTPException, _not_understood)
    web.register_error_handler(Exception, _went_wrong)


def register_for_all(app: Flask) -> None:
    """Answer with a page too where nobody serves the address: there is no blueprint then to ask."""
    app.register_error_handler(NotFound, _not_there)


def _not_there(error: NotFound) -> Response:
    if "web" in request.blueprints:
        return _not_understood(error)
    if not api.wants_a_page():
        return api.not_understood(error)
    _recognise()
    return headers.harden(_not_understood(error))


def _recognise() -> None:
    """No view has asked who this is: whoever has signed in keeps the menu, and a stranger is shown none."""
    try:
        found = session.signed_in(session.services_here())
    except StoreUnavailable as failure:
        log.warning("nobody recognised", why=str(failure))
        return
    if found:
        g.operator, g.session = found.operator, found.session


def _refused(error: Exception) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if status >= 500:
        log.error("page failed", status=status, why=str(error), exc_info=error)
        return _page(status, _SENTENCES.get(status, _SENTENCES[500]))
    return _page(status, spoken(error) if isinstance(error, UnhookError) else str(error))


def _not_understood(error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    response = _page(error.code, _SENTENCES.get(error.code, error.description or ""))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _went_wrong(error: Exception) -> Response:
    log.error("unexpected error", status=500, exc_info=error)
    return _page(500, _SENTENCES[500])


def _page(status: int, sentence: str | LazyString) -> Response:
    title = _TITLES.get(status, _("Something went wrong"))
    return make_response(render_template("error.html", title=title, sentence=sentence), status)
