"""Simulations: what marks this organisation's own exercises, and would a mail be taken for one?"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict, TooLarge, Unknown
from backend.flow import simulation_secrets as secrets
from backend.flow import simulations as flow
from backend.flow.simulation_secrets import Kind
from backend.flow.simulations import Markers, Tried
from backend.intake_mail.contents import reported_mail
from backend.services import Services
from backend.store import operators, tenants
from backend.store.tenants import Tenant
from backend.web.languages import spoken
from backend.web.session import needs
from model.modules.simulation_ways import Missing, markers
from model.modules.simulations import HEADER, vendors

ALL = "/settings/simulations"
LONGEST_PASTED = 200_000  # characters
SERVICES = {"knowbe4": "KnowBe4", "proofpoint": "Proofpoint", "cofense": "Cofense", "gophish": "Gophish"}
WAYS = {
    "signature": lazy_gettext("Signature"),
    "token": lazy_gettext("Token"),
    "marker": lazy_gettext("Marker"),
}
MISSING = {
    Missing.NO_HEADER: lazy_gettext("The mail has no header X-Unhook-Simulation."),
    Missing.NO_KEY: lazy_gettext("The header is signed, and there is no key here to check it with."),
    Missing.NOT_SIGNED: lazy_gettext("What the header holds is no signature."),
    Missing.WRONG_SIGNATURE: lazy_gettext(
        "The signature is of another key, or of another mail: it covers the Message-ID, the recipient, the sender, "
        "the hosts of links and the files. Headers alone are not enough to check it; give the whole mail."
    ),
    Missing.NO_TOKEN: lazy_gettext("There is no token here to compare the header with."),
    Missing.OTHER_TOKEN: lazy_gettext("What the header holds is none of the tokens here."),
    Missing.NO_MARKER: lazy_gettext("The mail has no header that you believe as a marker."),
    Missing.NOT_CHOSEN: lazy_gettext("The mail has the marker of a service that you have not chosen."),
    Missing.NO_GATEWAY: lazy_gettext("The marker is there, but your own gateway has not said who sent the mail."),
    Missing.SEVERAL_SENDERS: lazy_gettext("The marker is there, but the mail names no sender or several."),
    Missing.NOT_ALIGNED: lazy_gettext("The marker is there, but the sender is not proven by DKIM or SPF in alignment."),
    Missing.NOT_LISTED: lazy_gettext("The marker is there and the sender is proven, but you have not listed them."),
}

pages = Blueprint("simulations", __name__)


@pages.get(ALL)
@needs(Right.SETTINGS)
def page(services: Services, operator: Operator) -> ResponseReturnValue:
    """Everything that marks an exercise, and who is told of reports."""
    return _page(services, operator)


@pages.post(ALL)
@needs(Right.SETTINGS)
def save(services: Services, operator: Operator) -> ResponseReturnValue:
    """Services, headers and senders at once; refused as a whole, with the form as it was."""
    typed = {name: request.form.get(name, "") for name in ("headers", "domains", "addresses")}
    chosen = tuple(request.form.getlist("vendor"))
    lines = {name: tuple(text.splitlines()) for name, text in typed.items()}
    try:
        flow.set_markers(services, operator, Markers(chosen, **lines))
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return _page(services, operator, typed={**typed, "vendors": chosen}), 400
    flash(_("Saved."), "done")
    return _back()


@pages.post(f"{ALL}/keys")
@needs(Right.SETTINGS)
def make_key(services: Services, operator: Operator) -> ResponseReturnValue:
    """A new one; its private half is shown once."""
    said = _("The private key is %(key)s. Copy it into a file now: it is kept nowhere.")
    return _made(services, operator, Kind.KEY, said)


@pages.post(f"{ALL}/tokens")
@needs(Right.SETTINGS)
def make_token(services: Services, operator: Operator) -> ResponseReturnValue:
    """A new one, shown once: only its hash is kept."""
    said = _("The token is %(token)s. Copy it now: it is not shown again.")
    return _made(services, operator, Kind.TOKEN, said)


@pages.post(f"{ALL}/keys/end")
@needs(Right.SETTINGS)
def end_key(services: Services, operator: Operator) -> ResponseReturnValue:
    """What is signed with it counts no more."""
    return _ended(services, operator, Kind.KEY, _("The key is ended: what was signed with it is mail like any other."))


@pages.post(f"{ALL}/tokens/end")
@needs(Right.SETTINGS)
def end_token(services: Services, operator: Operator) -> ResponseReturnValue:
    """What holds it counts no more."""
    return _ended(services, operator, Kind.TOKEN, _("The token is ended: what holds it is mail like any other."))


@pages.post(f"{ALL}/try")
@needs(Right.SETTINGS)
def try_it(services: Services, operator: Operator) -> ResponseReturnValue:
    """Whether a mail would be taken for an exercise, and why. Nothing of it is kept."""
    file, pasted = request.files.get("file"), request.form.get("pasted", "")[:LONGEST_PASTED]
    try:
        raw = reported_mail(file.stream.read()) if file and file.filename else pasted.lstrip().encode()
    except (BadInput, TooLarge) as refusal:
        flash(spoken(refusal), "wrong")
        return _back()
    if not raw:
        flash(_("Choose a file, or paste headers."), "wrong")
        return _back()
    return _page(services, operator, tried=flow.tried(services, operator, raw), pasted=pasted)


def _page(
    services: Services,
    operator: Operator,
    typed: Mapping[str, Any] | None = None,
    tried: Tried | None = None,
    pasted: str = "",
    once: str = "",
) -> str:
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        shown: dict[str, Any] = {
            "keys": secrets.counting(tx, tenant, Kind.KEY),
            "tokens": secrets.counting(tx, tenant, Kind.TOKEN),
            "told": flow.told_of_reports(tx, tenant.id),
            "names": {str(Actor("operator", n)): name for n, name in operators.names(tx, tenant.id).items()},
        }
    shown |= {"tenant": tenant, "gateways": tenant.policy.senders.authserv_ids, "typed": typed or _written(tenant)}
    shown |= {"header": HEADER, "event": flow.REPORTED, "ways": WAYS, "missing": MISSING, "longest": LONGEST_PASTED}
    shown |= {"vendors": {name: (SERVICES.get(name, name), sorted(headers)) for name, headers in vendors().items()}}
    shown |= {"once": once, "pasted": pasted, "tried": tried, "marked": markers(tried.facts) if tried else ()}
    return render_template("simulations.html", here="settings", **shown)


def _written(tenant: Tenant) -> dict[str, Any]:
    """What the form holds as long as nobody has typed anything."""
    standing = flow.markers_of(tenant)
    lines = {name: "\n".join(kept) for name, kept in asdict(standing).items()}
    return {**lines, "vendors": standing.vendors}


def _made(services: Services, operator: Operator, kind: Kind, said: str) -> ResponseReturnValue:
    """In this very answer: a redirect would carry the secret in a cookie."""
    try:
        secret = secrets.make(services, operator, kind)
    except Conflict as refusal:
        flash(spoken(refusal), "wrong")
        return _back()
    return _page(services, operator, once=said % {kind.value: secret})


def _ended(services: Services, operator: Operator, kind: Kind, said: str) -> ResponseReturnValue:
    try:
        secrets.end(services, operator, kind, request.form.get("name", ""))
    except Unknown as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(said, "done")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("web.simulations.page"), 303)
