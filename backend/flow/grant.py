"""Grant: what may Unhook do in a Microsoft tenant, what is missing, and what is more than it needs?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.finding import Finding, Standing, sentence
from backend.flow.microsoft import directory_of
from backend.settings import Settings
from backend.store.tenants import Tenant
from connectors.errors import ConnectorError, TryLater
from connectors.outlook.probe import Probed, Tried, certificate_expires, probe
from connectors.probed import Access

MAIL, READ, USERS, SEND = "Mail.ReadWrite", "Mail.Read", "User.Read.All", "Mail.Send"
TRACE, ORGANISATION = "ExchangeMessageTrace.Read.All", "Organization.Read.All"
OPTIONAL = frozenset({TRACE, ORGANISATION})
SOON = timedelta(days=30)

_CODE = re.compile(r"AADSTS\d{1,8}")
WHAT_TO_DO = {
    "AADSTS700016": "Consent has not been given, or was withdrawn: give it. If it was, check UNHOOK_OUTLOOK_CLIENT_ID.",
    "AADSTS65001": "Consent has not been given, or was withdrawn: give it.",
    "AADSTS65004": "The administrator declined. Nothing was granted.",
    "AADSTS7000215": "UNHOOK_OUTLOOK_CLIENT_SECRET must hold the secret's value, not its id.",
    "AADSTS7000222": "Add a new secret, or better a certificate, to the app registration and restart Unhook with it.",
    "AADSTS700027": "Upload the certificate of UNHOOK_OUTLOOK_CERTIFICATE to the app registration, or make a new one.",
    "AADSTS90002": "The tenant was added with a wrong directory: compare it with the tenant id in Entra's overview.",
    "AADSTS50011": "The registration does not know the address that consent returns to: add it as a Web redirect URI.",
    "AADSTS53003": "Exclude the app registration from the conditional access policy for workload identities.",
}


@dataclass(frozen=True)
class Grant:
    """Everything found. `principal` is our enterprise application's object id there, where a token told it."""

    findings: tuple[Finding, ...]
    principal: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing needs to be done."""
        return all(finding.well for finding in self.findings)


def needed(settings: Settings) -> Mapping[str, str]:
    """The permissions that the chosen features need, and what for. These and no others are to be granted."""
    always = {MAIL: "to fetch, retract and restore reported messages", USERS: "to list mailboxes and reporters"}
    return {**always, SEND: "to answer reporters"} if settings.outlook_answers_from else always


def examine(settings: Settings, tenant: Tenant, now: datetime, mailbox: str = "") -> Grant:
    """Ask Microsoft and try what can be tried without changing anything; what fails is a finding, too."""
    own = (*_settings(settings), *credential(settings, now))
    try:
        with directory_of(settings, tenant) as directory:
            probed = probe(directory.graph, mailbox)
            principal = directory.principal()
    except TryLater as error:
        return Grant((Finding("Microsoft", Standing.UNKNOWN, f"{sentence(error)} Check again in a moment."), *own))
    except ConnectorError as error:
        return Grant((Finding("access", Standing.MISSING, refused(error)), *own))
    return Grant((*judge(probed, needed(settings), tenant.directory), *own), principal)


def judge(probed: Probed, wanted: Mapping[str, str], directory: str) -> Iterator[Finding]:
    """What a probe says of each permission: first the directory, then what is needed, then what is not."""
    yield _organisation(probed, directory)
    tried = {one.permission: one for one in probed.tried}
    for permission, purpose in wanted.items():
        attempt = tried.get(permission, Tried(permission, Access.UNKNOWN))
        yield _permission(permission, purpose, attempt, probed)
    yield _trace(tried.get(TRACE, Tried(TRACE, Access.UNKNOWN)))
    for extra in sorted(probed.roles - set(wanted) - OPTIONAL):
        says = "Granted, but not needed. Remove it from the app registration and from its grants."
        yield Finding(extra, Standing.WIDE, says)


def credential(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether what we prove ourselves with lasts."""
    pem = settings.outlook_certificate.get_secret_value()
    if not pem:
        if settings.outlook_client_secret.get_secret_value():
            says = (
                "When it expires cannot be asked without Application.Read.All, which is too much to grant for that. "
                "Once it has, this page says AADSTS7000222. A certificate tells its end beforehand."
            )
            yield Finding("client secret", Standing.GOOD, says)
        return
    end = certificate_expires(pem)
    day = f"{end.day} {end:%B %Y}" if end else ""
    if end is None:
        yield Finding("certificate", Standing.MISSING, "UNHOOK_OUTLOOK_CERTIFICATE holds none that can be read.")
    elif end <= now:
        yield Finding("certificate", Standing.MISSING, f"Expired on {day}. Upload a new one and restart.")
    elif end - now < SOON:
        says = f"Expires on {day}, in {(end - now).days} days. Upload a new one beside it, then change over."
        yield Finding("certificate", Standing.SOON, says)
    else:
        yield Finding("certificate", Standing.GOOD, f"Good until {day}.")


def refused(error: ConnectorError) -> str:
    """Microsoft's refusal with what to do about it."""
    found = _CODE.search(str(error))
    return f"{sentence(error)} {WHAT_TO_DO.get(found[0], '') if found else ''}".strip()


def _organisation(probed: Probed, directory: str) -> Finding:
    whose = probed.organisation
    if whose.id and whose.id.lower() != directory.lower():
        says = f"The token is of another directory, {whose.id}. Nothing here is this tenant's."
        return Finding("directory", Standing.MISSING, says)
    name = f"{whose.name} gives" if whose.name else "The directory gives"
    return Finding("directory", Standing.GOOD, f"{name} our app registration tokens ({directory}).")


def _permission(permission: str, purpose: str, attempt: Tried, probed: Probed) -> Finding:
    """Trying decides: a token does not show what is scoped in Exchange, and may show what has been withdrawn."""
    in_token = permission in probed.roles
    if attempt.access is Access.PERMITTED:
        return _permitted(permission, purpose, probed)
    if attempt.access is Access.NOT_PERMITTED:
        kept = "In the token, and yet refused: " if in_token else ""
        return Finding(permission, Standing.MISSING, f"Needed {purpose}. {kept}{sentence(attempt.detail)}")
    untried = f"It could not be tried: {attempt.detail}." if attempt.detail else ""
    if in_token:
        return Finding(permission, Standing.GOOD, f"Granted {purpose}. {untried}".strip())
    if permission == SEND and MAIL not in probed.roles:
        says = "No token says so. If it is scoped in Exchange, only an answer can show it."
        return Finding(permission, Standing.UNKNOWN, says)
    return Finding(permission, Standing.MISSING, f"Needed {purpose}, and not in the token. {untried}".strip())


def _permitted(permission: str, purpose: str, probed: Probed) -> Finding:
    if permission in probed.roles:
        return Finding(permission, Standing.GOOD, f"Granted {purpose}; tried, and it works.")
    if permission == MAIL and READ in probed.roles:
        says = f"Only {READ} is granted: messages can be read, and none retracted."
        return Finding(permission, Standing.MISSING, says)
    return Finding(permission, Standing.GOOD, f"Works {purpose}, though no token says so: it is scoped in Exchange.")


def _trace(attempt: Tried) -> Finding:
    if attempt.access is Access.PERMITTED:
        return Finding(TRACE, Standing.GOOD, "Message trace tells who got a message: no other mailbox is opened.")
    says = "Not needed. Without message trace every mailbox is searched, which takes longer."
    return Finding(TRACE, Standing.OPTIONAL, says)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.outlook_addin_client_id:
        says = "UNHOOK_OUTLOOK_ADDIN_CLIENT_ID is not set: nobody can sign in from the add-in."
        yield Finding("add-in", Standing.MISSING, says)
    if not settings.outlook_answers_from:
        says = "UNHOOK_OUTLOOK_ANSWERS_FROM is not set: reporters are not written to, and Mail.Send is not needed."
        yield Finding("answers", Standing.OPTIONAL, says)
