"""Preferred: how does whoever is answered like to read?"""

from flask import g, request

from backend.domain.people import Preferences, Theme
from backend.errors import StoreUnavailable
from backend.store import preferences
from backend.web.session import services_here

THEME_COOKIE = "unhook_theme"  # for the pages before sign-in, which know nobody


def preferred() -> Preferences:
    """What the operator chose. Looked up once for each request, and only by pages that say something."""
    if "preferred" not in g:
        operator = g.get("operator")
        if operator is None:
            return Preferences(theme=_theme_of_the_browser())  # not kept: who it is may still be found out
        g.preferred = _of(operator.tenant_id, operator.id) or Preferences()
    chosen: Preferences = g.preferred
    return chosen


def _of(tenant_id: int, operator_id: int) -> Preferences | None:
    try:
        with services_here().database.read() as tx:
            return preferences.of(tx, tenant_id, operator_id)
    except StoreUnavailable:
        return None  # the page that says so has to be written in some language


def _theme_of_the_browser() -> Theme:
    told = request.cookies.get(THEME_COOKIE, "")
    return Theme(told) if told in list(Theme) else Theme.AUTO
