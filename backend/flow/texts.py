"""Texts: in whose words are people told, and how does that look before anybody gets it?"""

from sqlalchemy import Connection

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, NotAllowed
from backend.flow.answer import text_of
from backend.flow.tell import meaning
from backend.policy import replies
from backend.policy.catalogue import say
from backend.policy.replies import Text
from backend.services import Services
from backend.store import audit, reply_texts, tenants
from backend.store.tenants import Tenant
from model import reasons

_MADE_UP = ("link-text-differs", "reply-to-elsewhere")
_DISPOSITION = {
    "retracted": "MALICIOUS",
    "simulation": "MALICIOUS",
    "team-received": "SUSPICIOUS",
    "team-verdict": "MALICIOUS",
    "invalid": "NONE",
}


def change(services: Services, operator: Operator, template: str, language: str, subject: str, body: str) -> None:
    """Say this from now on, in the tenant's own words. Raises NotAllowed, and BadInput that says what is wrong."""
    _may(operator)
    text = replies.checked(template, language, subject, body)
    with services.database.begin() as tx:
        who = Actor("operator", operator.id)
        reply_texts.keep(tx, operator.tenant_id, template, language, text, who, services.now())
        _note(tx, services, operator, "reply changed", template=template, language=language)


def reset(services: Services, operator: Operator, template: str, language: str) -> None:
    """Say again what Unhook brings. Harmless to do again. Raises NotAllowed, BadInput."""
    _may(operator)
    _must_be_known(template, language)
    with services.database.begin() as tx:
        if reply_texts.reset(tx, operator.tenant_id, template, language):
            _note(tx, services, operator, "reply reset", template=template, language=language)


def speak(services: Services, operator: Operator, language: str) -> None:
    """In which language those are told of whom it is not known. Raises NotAllowed, BadInput."""
    _may(operator)
    if language not in replies.LANGUAGES:
        raise BadInput("Choose one of the languages.")
    with services.database.begin() as tx:
        tenants.change_policy(tx, operator.tenant_id, {"answers": {"language": language}})
        _note(tx, services, operator, "reply language changed", language=language)


def shown(tx: Connection, tenant: Tenant, template: str, language: str) -> Text:
    """The text that would be sent now, with its placeholders. Raises BadInput."""
    _must_be_known(template, language)
    return text_of(tx, tenant, template, language)


def preview(services: Services, tenant: Tenant, template: str, language: str, text: Text) -> Text:
    """The text as somebody would get it, with values that are made up."""
    made_up = {
        "organisation": tenant.name,
        "subject": "4711",
        "date": f"{services.now():%Y-%m-%d}",
        "verdict": say(meaning(_DISPOSITION.get(template, template.upper())), language),
        "reasons": "\n".join(f"- {say(reasons.sentence(code), language)}" for code in _MADE_UP),
        "problem": say(meaning("mail-picture"), language),
        "link": f"{services.settings.public_url or 'https://unhook.example.com'}/reports/enter/...",
    }
    return replies.filled(text, made_up)


def _must_be_known(template: str, language: str) -> None:
    if template not in replies.TEMPLATES or language not in replies.LANGUAGES:
        raise BadInput("There is no such text.")


def _may(operator: Operator) -> None:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("What people are told is decided by owners and admins.")


def _note(tx: Connection, services: Services, operator: Operator, what: str, **detail: str) -> None:
    who = Actor("operator", operator.id)
    audit.record(tx, operator.tenant_id, who, what, "settings", detail, services.now())
