"""Web: the pages operators work with, rendered here; htmx brings fragments, one small script brings the keyboard."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Flask, g
from flask_babel import get_locale
from flask_wtf import CSRFProtect

from backend.api.limits import EXTENSION as LIMITER
from backend.domain.people import Right
from backend.services import Services
from backend.store import alarms
from backend.store.alarms import Alarm
from backend.web import (
    account,
    actions,
    agents,
    answers,
    audit,
    campaigns,
    contests,
    corrections,
    errors,
    evidence,
    gmail,
    headers,
    home,
    inbox,
    invalid,
    languages,
    learning,
    lists,
    log_words,
    look,
    mail_settings,
    me,
    message,
    notes,
    oidc,
    operations,
    outbound,
    outlook,
    overview,
    people,
    progress,
    psr_log,
    replies,
    reports,
    saved,
    scale,
    search,
    settings,
    sign_in,
    signatures,
    similar,
    simulations,
    spelled,
    squeeze,
    stored,
    tokens,
    told,
    upload,
    vocabulary,
    words,
)
from backend.web import session as sessions
from backend.web.preferred import preferred
from backend.web.waits import Waits


def register(app: Flask, services: Services) -> None:
    """Add the pages."""
    app.extensions[sessions.EXTENSION] = services
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=services.settings.session_hours)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API proves its callers itself; the pages ask in before_request
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lasts as long as its session
    app.extensions[sign_in.WAITS] = Waits(app.extensions[LIMITER].storage, app.config["SECRET_KEY"])
    app.extensions[progress.EXTENSION] = progress.open_streams(services)
    oidc.register(app, services.settings)
    csrf = CSRFProtect(app)
    languages.register(app)

    web = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    for part in (
        home,
        sessions,
        inbox,
        search,
        operations,
        saved,
        look,
        similar,
        message,
        evidence,
        actions,
        corrections,
        contests,
        notes,
        settings,
        outlook,
        gmail,
        audit,
        sign_in,
        account,
        oidc,
        people,
        tokens,
        overview,
        me,
        progress,
        reports,
        replies,
        answers,
        psr_log,
        outbound,
        campaigns,
        learning,
        lists,
        invalid,
        upload,
        mail_settings,
        signatures,
        simulations,
    ):
        web.register_blueprint(part.pages)
    web.before_request(csrf.protect)
    web.after_request(headers.harden)
    web.after_request(squeeze.squeeze)
    web.app_context_processor(_shared)
    web.app_context_processor(lambda: {"alarms": _alarms(services)})
    _add_filters(web, services)
    errors.register(web)
    errors.register_for_all(app)
    app.register_blueprint(web)

    if services.settings.demo:
        from backend.demo import webmail  # it shows mail behind the same walls, so it needs these pages to be there

        webmail.register(app, services)

    often = f"{services.settings.sign_ins_per_minute}/minute"
    limit = app.extensions[LIMITER].limit(often, methods=["POST"])
    asks = app.extensions[LIMITER].limit(often)
    for name in ("web.sign_in.check", "web.account.change_password"):
        app.view_functions[name] = limit(app.view_functions[name])
    for name in ("web.oidc.start", "web.oidc.answered"):
        app.view_functions[name] = asks(app.view_functions[name])


def _shared() -> dict[str, object]:
    operator = g.get("operator")
    rights = {right.value: bool(operator and operator.may(right)) for right in Right}
    return {
        "operator": operator,
        "may": rights,
        "words": vocabulary,
        "language": str(get_locale()),
        "preferred": preferred(),
        "languages": languages.LANGUAGES,
    }


def _alarms(services: Services) -> list[Alarm]:
    """What every page says until somebody has acknowledged it."""
    operator = g.get("operator")
    if operator is None:
        return []
    with services.database.read() as tx:
        return alarms.standing(tx, operator.tenant_id)


def _add_filters(web: Blueprint, services: Services) -> None:
    def ago(time: datetime) -> str:
        return spelled.ago(time, services.now())

    given: list[Callable[..., object]] = [
        agents.agent,
        words.action,
        words.actor,
        words.answer,
        spelled.count,
        spelled.defang,
        log_words.detail,
        words.disposition,
        words.event,
        words.folder,
        words.module,
        spelled.percent,
        words.place,
        words.plain,
        words.pretence,
        words.result,
        words.role_name,
        spelled.signed,
        words.label_source,
        words.submitted_as,
        spelled.size,
        words.status,
        spelled.visible,
        words.why,
        languages.decimal,
        languages.moment,
        scale.glance,
        ago,
    ]
    given += [operations.said, stored.stored, told.purpose, told.thing, told.told]
    for filter_ in given:
        web.add_app_template_filter(filter_)
