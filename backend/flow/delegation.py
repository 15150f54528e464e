"""Delegation: what may Unhook do in a Google organisation, what is missing, and what is more than it needs?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from backend.domain.finding import Finding, Standing, sentence
from backend.settings import Settings
from backend.store.tenants import Tenant
from connectors.errors import ConnectorError, Refused, TryLater
from connectors.gmail import probe as google_probe
from connectors.gmail.probe import DELETE, DIRECTORY, MAIL, REPORTS, Account, Google, Life, Probed, Tried, short
from connectors.probed import Access

PROVIDER = "gmail"
SOON = timedelta(days=30)
OLD = timedelta(days=90)  # Google's own advice for keys of service accounts
WHERE = "in the Admin console under domain-wide delegation"


@dataclass(frozen=True)
class Delegation:
    """Everything found."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether nothing needs to be done."""
        return all(finding.well for finding in self.findings)


def account_of(settings: Settings) -> Account | None:
    """The service account that the settings name, asked nothing; None when they name none."""
    key = settings.gmail_key.get_secret_value()
    try:
        return google_probe.read_account(key, settings.gmail_service_account, settings.google_iam_url)
    except Refused:
        return None


def needed(tenant: Tenant) -> Mapping[str, str]:
    """The scopes to delegate, and what for. `DELETE` is one of them only once hard delete was confirmed."""
    always = {
        MAIL: "to search, read and label reported messages, and to answer reporters",
        DIRECTORY: "to list mailboxes",
    }
    return {**always, DELETE: "to delete for good"} if tenant.policy.hard_delete_confirmed else always


def examine(settings: Settings, tenant: Tenant, now: datetime, mailbox: str = "") -> Delegation:
    """Ask Google and try what can be tried without changing anything; what fails is a finding, too."""
    own = tuple(_settings(settings))
    if not tenant.administrator:
        says = "The tenant names no administrator whose rights the directory is read with: unhook tenant add has it."
        return Delegation((Finding("administrator", Standing.MISSING, says), *own))
    try:
        with google_probe.google_of(
            key=settings.gmail_key.get_secret_value(),
            service_account=settings.gmail_service_account,
            token_url=settings.google_token_url,
            gmail_url=settings.gmail_url,
            admin_url=settings.google_admin_url,
            iam_url=settings.google_iam_url,
            ca_file=settings.ca_file,
        ) as google:
            probed = google_probe.probe(google, tenant.administrator, now, mailbox)
            return Delegation(
                (
                    *judge(probed, needed(tenant)),
                    *_sender(google, settings, probed),
                    *_key(google, settings, now),
                    *own,
                )
            )
    except TryLater as error:
        return Delegation((Finding("Google", Standing.UNKNOWN, f"{sentence(error)} Check again in a moment."), *own))
    except ConnectorError as error:
        return Delegation((Finding("access", Standing.MISSING, sentence(error)), *own))


def judge(probed: Probed, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """What a probe says of each scope: first all together, then what is needed, then what is not."""
    if all(one.delegated is Access.NOT_PERMITTED for one in probed.tried) and not probed.wider:
        says = f"Nothing is delegated to the service account: not yet, or it was withdrawn. Grant it {WHERE}."
        yield Finding("delegation", Standing.MISSING, says)
    for one in probed.tried:
        if one.scope == REPORTS:
            yield _reports(one)
        else:
            yield _scope(one, wanted[one.scope])
    if DELETE in wanted:
        yield _delete(DELETE in probed.wider)
    for scope in probed.wider:
        if scope not in wanted:
            says = f"Delegated, but not needed. Remove it {WHERE}."
            yield Finding(short(scope), Standing.WIDE, says)


def _scope(one: Tried, purpose: str) -> Finding:
    what = short(one.scope)
    if one.delegated is Access.NOT_PERMITTED:
        return Finding(what, Standing.MISSING, f"Needed {purpose}, and not delegated. Add {one.scope} {WHERE}.")
    if one.closed:
        return Finding(what, Standing.MISSING if one.scope == DIRECTORY else Standing.UNKNOWN, _closed(one))
    if one.works is Access.NOT_PERMITTED:
        return Finding(what, Standing.MISSING, f"Delegated, and yet refused: {sentence(one.detail)} {_why(one)}")
    if one.works is Access.UNKNOWN:
        return Finding(what, Standing.GOOD, f"Delegated {purpose}. It could not be tried: {sentence(one.detail)}")
    return Finding(what, Standing.GOOD, f"Delegated {purpose}; tried as {one.person}, and it works.")


def _why(one: Tried) -> str:
    """What else may be missing when a token was given: a right of the account, or an API of the project."""
    if one.scope == MAIL:
        return "Is the Gmail API switched on in the service account’s project?"
    right = "Users: Read" if one.scope == DIRECTORY else "Reports"
    return f"Does {one.person} have the administrator’s right “{right}”, and is the Admin SDK API switched on?"


def _closed(one: Tried) -> str:
    if one.scope == DIRECTORY:
        return f"{sentence(one.detail)} It is the administrator whose rights the directory is read with."
    return f"{sentence(one.detail)} Try another mailbox."


def _reports(one: Tried) -> Finding:
    what = short(one.scope)
    if one.works is Access.PERMITTED:
        return Finding(what, Standing.GOOD, "The delivery report tells who got a message: no other mailbox is opened.")
    without = "Not needed. Without the delivery report every mailbox is searched, which takes longer."
    if one.delegated is Access.PERMITTED and one.works is Access.NOT_PERMITTED:
        return Finding(what, Standing.OPTIONAL, f"{without} It is delegated, and yet refused. {_why(one)}")
    return Finding(what, Standing.OPTIONAL, without)


def _delete(is_there: bool) -> Finding:
    what = short(DELETE)
    if is_there:
        return Finding(what, Standing.GOOD, "Delegated to delete for good, which was allowed in the settings.")
    says = f"Hard delete is allowed in the settings, but {DELETE} is not delegated: it will be refused."
    return Finding(what, Standing.MISSING, says)


def _sender(google: Google, settings: Settings, probed: Probed) -> Iterator[Finding]:
    """Whether the account that answers are sent from can be acted as."""
    sender = settings.gmail_answers_from
    if not sender or any(one.scope == MAIL and one.delegated is not Access.PERMITTED for one in probed.tried):
        return
    tried = google_probe.try_mail(google, sender)
    if tried.works is Access.PERMITTED:
        yield Finding("answers", Standing.GOOD, f"Reporters are written to from {sender}; its mailbox opens.")
    else:
        says = f"Reporters are written to from {sender}: {sentence(tried.detail)} It must be a person’s account."
        yield Finding("answers", Standing.MISSING if tried.closed else Standing.UNKNOWN, says)


def _key(google: Google, settings: Settings, now: datetime) -> Iterator[Finding]:
    """How old what we sign with is."""
    if not google.account.key_id:
        says = "There is none: Google signs for the service account because this machine may ask for it."
        yield Finding("key", Standing.GOOD, says)
        return
    certs = urlsplit(settings.google_certs_url)
    try:
        life = google_probe.life_of_key(google, f"{certs.scheme}://{certs.netloc}/robot/v1/metadata/x509")
    except TryLater as error:
        yield Finding("key", Standing.UNKNOWN, sentence(error))
        return
    yield judged_key(life, now)


def judged_key(life: Life | None, now: datetime) -> Finding:
    """What there is to say of a key that began, and ends, then."""
    if life is None:
        says = "Google does not publish it: it was deleted, or is so new that this takes some minutes."
        return Finding("key", Standing.UNKNOWN, says)
    age, made = (now - life.begins).days, _day(life.begins)
    if life.ends <= now:
        return Finding("key", Standing.MISSING, f"Expired on {_day(life.ends)}. Make a new one and restart with it.")
    if life.ends - now < SOON:
        says = f"Expires on {_day(life.ends)}, in {(life.ends - now).days} days. Make a new one, then change over."
        return Finding("key", Standing.SOON, says)
    if now - life.begins > OLD:
        says = f"Made on {made}, {age} days ago. Make a new one, change over, and delete this one in Google Cloud."
        return Finding("key", Standing.OLD, says)
    return Finding("key", Standing.GOOD, f"Made on {made}, {age} days ago. After {OLD.days} days it is called old.")


def _settings(settings: Settings) -> Iterator[Finding]:
    lacks = [
        name
        for name, value in {
            "UNHOOK_PUBLIC_URL": settings.public_url,
            "UNHOOK_GMAIL_ADDON_ACCOUNT": settings.gmail_addon_account,
            "UNHOOK_GMAIL_ADDON_CLIENT_ID": settings.gmail_addon_client_id,
        }.items()
        if not value
    ]
    if lacks:
        says = f"{' and '.join(lacks)} {'is' if len(lacks) == 1 else 'are'} not set: nobody can report from Gmail."
        yield Finding("add-on", Standing.MISSING, says)
    if not settings.gmail_answers_from:
        says = "UNHOOK_GMAIL_ANSWERS_FROM is not set: reporters are not written to."
        yield Finding("answers", Standing.OPTIONAL, says)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
