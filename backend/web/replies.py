"""Replies: in whose words, and in which language, are people told? With a look at it before anybody gets it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Operator, Right
from backend.errors import BadInput, Unknown
from backend.flow import texts
from backend.policy import replies
from backend.policy.replies import Text
from backend.services import Services
from backend.store import reply_texts, tenants
from backend.web.languages import spoken
from backend.web.session import needs

pages = Blueprint("replies", __name__)
ALL = "/settings/replies"
ONE = f"{ALL}/<string(maxlength=20):template>/<string(maxlength=5):language>"


@pages.get(ALL)
@needs(Right.SETTINGS)
def listed(services: Services, operator: Operator) -> ResponseReturnValue:
    """Which texts there are, and which of them are the tenant's own."""
    with services.database.read() as tx:
        tenant, own = tenants.get(tx, operator.tenant_id), reply_texts.written(tx, operator.tenant_id)
    shown = {"templates": replies.TEMPLATES, "spoken": replies.LANGUAGES, "own": own, "policy": tenant.policy}
    return render_template("replies.html", here="settings", **shown)


@pages.post(ALL)
@needs(Right.SETTINGS)
def speak(services: Services, operator: Operator) -> ResponseReturnValue:
    """The language of those of whom it is not known."""
    texts.speak(services, operator, request.form.get("language", ""))
    flash(_("Saved."), "done")
    return redirect(url_for("web.replies.listed"), 303)


@pages.get(ONE)
@needs(Right.SETTINGS)
def text(services: Services, operator: Operator, template: str, language: str) -> ResponseReturnValue:
    """One text, as it is and as it looks."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        try:
            current = texts.shown(tx, tenant, template, language)
        except BadInput as unknown:
            raise Unknown("There is no such text.") from unknown
    return _page(services, operator, template, language, current)


@pages.post(ONE)
@needs(Right.SETTINGS)
def change(services: Services, operator: Operator, template: str, language: str) -> ResponseReturnValue:
    """Look at it first, or save it. What is refused stays in the form."""
    said = Text(request.form.get("subject", "")[:1000], request.form.get("body", "")[:20_000])
    try:
        if request.form.get("do") == "preview":
            checked = replies.checked(template, language, said.subject, said.body)
            return _page(services, operator, template, language, checked)
        texts.change(services, operator, template, language, said.subject, said.body)
    except BadInput as refusal:
        if template not in replies.TEMPLATES or language not in replies.LANGUAGES:
            raise Unknown("There is no such text.") from refusal
        return _page(services, operator, template, language, said, wrong=spoken(refusal)), 400
    flash(_("Saved. This is what is sent from now on."), "done")
    return redirect(url_for("web.replies.text", template=template, language=language), 303)


@pages.post(f"{ONE}/reset")
@needs(Right.SETTINGS)
def reset(services: Services, operator: Operator, template: str, language: str) -> ResponseReturnValue:
    """Back to what Unhook brings."""
    texts.reset(services, operator, template, language)
    flash(_("The text that Unhook brings is sent again."), "done")
    return redirect(url_for("web.replies.text", template=template, language=language), 303)


def _page(services: Services, operator: Operator, template: str, language: str, shown: Text, wrong: str = "") -> str:
    with services.database.read() as tx:
        tenant, own = tenants.get(tx, operator.tenant_id), reply_texts.written(tx, operator.tenant_id)
    return render_template(
        "reply.html",
        here="settings",
        template=template,
        spoken_in=language,
        text=shown,
        wrong=wrong,
        own=(template, language) in own,
        preview=None if wrong else texts.preview(services, tenant, template, language, shown),
        placeholders=replies.PLACEHOLDERS,
        longest=(replies.LONGEST_SUBJECT, replies.LONGEST_BODY),
    )
