"""Languages: in which language, and in which time zone, is a page answered?

What the operator chose counts first, then a cookie, then what the browser says. Pages are written in English; a
translation lies in `translations/`, beside its compiled form, so that an installation needs no step of its own.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

import pytz
from babel import Locale, dates, numbers
from flask import Flask, has_app_context, has_request_context, request
from flask_babel import Babel, get_locale, get_timezone
from flask_babel import gettext as _
from pytz.tzinfo import BaseTzInfo

from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.errors import UnhookError
from backend.web.preferred import preferred
from backend.web.stored import stored
from backend.web.vocabulary import RETRACTIONS, ROLES

LANGUAGES = {"en": "English", "de": "Deutsch"}  # each in its own words: who needs one reads that
USUAL = "en"
LANGUAGE_COOKIE = "unhook_language"
ZONE_COOKIE = "unhook_zone"  # zone.js writes what the browser knows
TRANSLATIONS = "web/translations"
_ENGLISH_DATES = "en_GB"  # the day before the month and 24 hours, which nobody misreads


def register(app: Flask) -> None:
    """Let every sentence of a page be looked up in the viewer's language."""
    Babel(  # type: ignore[no-untyped-call]
        app,
        default_locale=USUAL,
        default_translation_directories=TRANSLATIONS,
        locale_selector=language,
        timezone_selector=time_zone,
    )


def language() -> str:
    """The viewer's language: chosen, else the one of ours that the browser likes best."""
    if not has_request_context():
        return USUAL
    chosen = preferred().language or request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wished = (tag.partition("-")[0].lower() for tag, weight in request.accept_languages if weight > 0)
    return next((tag for tag in wished if tag in LANGUAGES), USUAL)


def time_zone() -> str:
    """The viewer's time zone: chosen, else the browser's."""
    if not has_request_context():
        return "UTC"
    return preferred().time_zone or zone_of_the_browser()


def zone_of_the_browser() -> str:
    """The time zone that the viewer's browser told, else UTC."""
    told = request.cookies.get(ZONE_COOKIE, "")
    return told if told in pytz.all_timezones_set else "UTC"


def spoken(error: UnhookError) -> str:
    """A refusal's sentence in the viewer's language."""
    values = {name: _value(told) for name, told in error.values.items()}
    return _(error.sentence, **values) if error.sentence else ""


def _value(told: object) -> object:
    if isinstance(told, Exception):
        return stored(str(told))
    if isinstance(told, RetractionState):
        return RETRACTIONS[told]
    return ROLES[told] if isinstance(told, Role) else told


def moment(time: datetime) -> str:
    """A time of the store in full, as a clock where the viewer is shows it, with that zone's name."""
    here = local(time)
    clock = f"{here:%H:%M}"
    return _("%(day)s, %(time)s %(zone)s", day=day(time), time=clock, zone=here.tzname())


def day(time: datetime) -> str:
    """The day of a time of the store, where the viewer is."""
    return dates.format_skeleton("yMMMd", local(time), locale=_dates_as())


def short_day(time: datetime) -> str:
    """A day of the store's calendar, without its year."""
    return dates.format_skeleton("MMMd", time, locale=_dates_as())


def local(time: datetime) -> datetime:
    """A time of the store, where the viewer is."""
    return time.replace(tzinfo=UTC).astimezone(_zone())


def in_utc(time: datetime) -> datetime:
    """A time as the store keeps it, from one with a zone or, without one, from a clock where the viewer is."""
    zone = _zone()
    if time.tzinfo is None:
        time = zone.localize(time) if isinstance(zone, BaseTzInfo) else time.replace(tzinfo=zone)
    return time.astimezone(UTC).replace(tzinfo=None)


def days(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From when until before when some days last where the viewer is, as the store keeps times; None has no end."""
    until = None if last is None or last == date.max else last + timedelta(days=1)
    return _begins(first) if first else None, _begins(until) if until else None


def _begins(day: date) -> datetime:
    midnight = datetime.combine(day, time.min)
    try:
        return in_utc(midnight)
    except OverflowError:  # the first day there is, where clocks are ahead
        return midnight


def decimal(number: float, digits: int = 1) -> str:
    """A number with its fraction, written as the viewer's language does."""
    return numbers.format_decimal(number, f"#,##0.{'0' * digits}" if digits else "#,##0", locale=get_locale() or USUAL)


def _zone() -> tzinfo:
    return (has_app_context() and get_timezone()) or UTC


def _dates_as() -> Locale:
    locale = get_locale()
    return Locale.parse(_ENGLISH_DATES) if locale is None or locale.language == USUAL else locale
