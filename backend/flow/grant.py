"""Grant: what may Unhook do in a Microsoft tenant, what is missing, and what is more than it needs?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.finding import Finding, Heard, Said, Standing, Words, found
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
    "AADSTS700016": Said(
        "Consent has not been given, or was withdrawn: give it. If it was, check UNHOOK_OUTLOOK_CLIENT_ID."
    ),
    "AADSTS65001": Said("Consent has not been given, or was withdrawn: give it."),
    "AADSTS65004": Said("The administrator declined. Nothing was granted."),
    "AADSTS7000215": Said("UNHOOK_OUTLOOK_CLIENT_SECRET must hold the secret's value, not its id."),
    "AADSTS7000222": Said(
        "Add a new secret, or better a certificate, to the app registration and restart Unhook with it."
    ),
    "AADSTS700027": Said(
        "Upload the certificate of UNHOOK_OUTLOOK_CERTIFICATE to the app registration, or make a new one."
    ),
    "AADSTS90002": Said(
        "The tenant was added with a wrong directory: compare it with the tenant id in Entra's overview."
    ),
    "AADSTS50011": Said(
        "The registration does not know the address that consent returns to: add it as a Web redirect URI."
    ),
    "AADSTS53003": Said("Exclude the app registration from the conditional access policy for workload identities."),
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


def needed(settings: Settings) -> Mapping[str, Said]:
    """The permissions that the chosen features need, and what for. These and no others are to be granted."""
    always = {
        MAIL: Said("to fetch, retract and restore reported messages"),
        USERS: Said("to list mailboxes and reporters"),
    }
    return {**always, SEND: Said("to answer reporters")} if settings.outlook_answers_from else always


def examine(settings: Settings, tenant: Tenant, now: datetime, mailbox: str = "") -> Grant:
    """Ask Microsoft and try what can be tried without changing anything; what fails is a finding, too."""
    own = (*_settings(settings), *credential(settings, now))
    try:
        with directory_of(settings, tenant) as directory:
            probed = probe(directory.graph, mailbox)
            principal = directory.principal()
    except TryLater as error:
        again = Said("Check again in a moment.")
        return Grant((found("Microsoft", Standing.UNKNOWN, Heard(str(error)), again), *own))
    except ConnectorError as error:
        return Grant((found("access", Standing.MISSING, *refused(error)), *own))
    return Grant((*judge(probed, needed(settings), tenant.directory), *own), principal)


def judge(probed: Probed, wanted: Mapping[str, Said], directory: str) -> Iterator[Finding]:
    """What a probe says of each permission: first the directory, then what is needed, then what is not."""
    yield _organisation(probed, directory)
    tried = {one.permission: one for one in probed.tried}
    for permission, purpose in wanted.items():
        attempt = tried.get(permission, Tried(permission, Access.UNKNOWN))
        yield _permission(permission, purpose, attempt, probed)
    yield _trace(tried.get(TRACE, Tried(TRACE, Access.UNKNOWN)))
    for extra in sorted(probed.roles - set(wanted) - OPTIONAL):
        says = Said("Granted, but not needed. Remove it from the app registration and from its grants.")
        yield found(extra, Standing.WIDE, says)


def credential(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether what we prove ourselves with lasts."""
    pem = settings.outlook_certificate.get_secret_value()
    if not pem:
        if settings.outlook_client_secret.get_secret_value():
            says = Said(
                "When it expires cannot be asked without Application.Read.All, which is too much to grant for that. "
                "Once it has, this page says AADSTS7000222. A certificate tells its end beforehand."
            )
            yield found("client secret", Standing.GOOD, says)
        return
    end = certificate_expires(pem)
    if end is None:
        says = Said("UNHOOK_OUTLOOK_CERTIFICATE holds none that can be read.")
        yield found("certificate", Standing.MISSING, says)
    elif end <= now:
        says = Said("Expired on %(day)s. Upload a new one and restart.", {"day": end})
        yield found("certificate", Standing.MISSING, says)
    elif end - now < SOON:
        says = Said(
            "Expires on %(day)s, in %(days)s days. Upload a new one beside it, then change over.",
            {"day": end, "days": (end - now).days},
        )
        yield found("certificate", Standing.SOON, says)
    else:
        yield found("certificate", Standing.GOOD, Said("Good until %(day)s.", {"day": end}))


def refused(error: ConnectorError) -> Words:
    """Microsoft's refusal with what to do about it."""
    code = _CODE.search(str(error))
    advice = WHAT_TO_DO.get(code[0]) if code else None
    return (Heard(str(error)), advice) if advice else (Heard(str(error)),)


def _organisation(probed: Probed, directory: str) -> Finding:
    whose = probed.organisation
    if whose.id and whose.id.lower() != directory.lower():
        says = Said(
            "The token is of another directory, %(directory)s. Nothing here is this tenant's.", {"directory": whose.id}
        )
        return found("directory", Standing.MISSING, says)
    if not whose.name:
        says = Said("The directory gives our app registration tokens (%(directory)s).", {"directory": directory})
        return found("directory", Standing.GOOD, says)
    values = {"name": whose.name, "directory": directory}
    return found(
        "directory", Standing.GOOD, Said("%(name)s gives our app registration tokens (%(directory)s).", values)
    )


def _permission(permission: str, purpose: Said, attempt: Tried, probed: Probed) -> Finding:
    """Trying decides: a token does not show what is scoped in Exchange, and may show what has been withdrawn."""
    in_token = permission in probed.roles
    if attempt.access is Access.PERMITTED:
        return _permitted(permission, purpose, probed)
    if attempt.access is Access.NOT_PERMITTED:
        kept = (Said("In the token, and yet refused:"),) if in_token else ()
        needs = Said("Needed %(purpose)s.", {"purpose": purpose})
        return found(permission, Standing.MISSING, needs, *kept, Heard(attempt.detail))
    untried = (Said("It could not be tried: %(why)s.", {"why": Heard(attempt.detail)}),) if attempt.detail else ()
    if in_token:
        return found(permission, Standing.GOOD, Said("Granted %(purpose)s.", {"purpose": purpose}), *untried)
    if permission == SEND and MAIL not in probed.roles:
        says = Said("No token says so. If it is scoped in Exchange, only an answer can show it.")
        return found(permission, Standing.UNKNOWN, says)
    says = Said("Needed %(purpose)s, and not in the token.", {"purpose": purpose})
    return found(permission, Standing.MISSING, says, *untried)


def _permitted(permission: str, purpose: Said, probed: Probed) -> Finding:
    if permission in probed.roles:
        says = Said("Granted %(purpose)s; tried, and it works.", {"purpose": purpose})
        return found(permission, Standing.GOOD, says)
    if permission == MAIL and READ in probed.roles:
        says = Said("Only %(read)s is granted: messages can be read, and none retracted.", {"read": READ})
        return found(permission, Standing.MISSING, says)
    says = Said("Works %(purpose)s, though no token says so: it is scoped in Exchange.", {"purpose": purpose})
    return found(permission, Standing.GOOD, says)


def _trace(attempt: Tried) -> Finding:
    if attempt.access is Access.PERMITTED:
        says = Said("Message trace tells who got a message: no other mailbox is opened.")
        return found(TRACE, Standing.GOOD, says)
    says = Said("Not needed. Without message trace every mailbox is searched, which takes longer.")
    return found(TRACE, Standing.OPTIONAL, says)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.outlook_addin_client_id:
        says = Said("UNHOOK_OUTLOOK_ADDIN_CLIENT_ID is not set: nobody can sign in from the add-in.")
        yield found("add-in", Standing.MISSING, says)
    if not settings.outlook_answers_from:
        says = Said(
            "UNHOOK_OUTLOOK_ANSWERS_FROM is not set: reporters are not written to, and Mail.Send is not needed."
        )
        yield found("answers", Standing.OPTIONAL, says)
