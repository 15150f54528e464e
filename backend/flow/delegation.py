"""Delegation: what may Unhook do in a Google organisation, what is missing, and what is more than it needs?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from backend.domain.finding import Finding, Heard, Said, Standing, found
from backend.settings import Settings
from backend.store.tenants import Tenant
from connectors.errors import ConnectorError, Refused, TryLater
from connectors.gmail import probe as google_probe
from connectors.gmail.probe import DELETE, DIRECTORY, MAIL, REPORTS, Account, Google, Life, Probed, Tried, short
from connectors.probed import Access

PROVIDER = "gmail"
SOON = timedelta(days=30)
OLD = timedelta(days=90)  # Google's own advice for keys of service accounts


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


def needed(tenant: Tenant) -> Mapping[str, Said]:
    """The scopes to delegate, and what for. `DELETE` is one of them only once hard delete was confirmed."""
    always = {
        MAIL: Said("to search, read and label reported messages, and to answer reporters"),
        DIRECTORY: Said("to list mailboxes"),
    }
    return {**always, DELETE: Said("to delete for good")} if tenant.policy.hard_delete_confirmed else always


def examine(settings: Settings, tenant: Tenant, now: datetime, mailbox: str = "") -> Delegation:
    """Ask Google and try what can be tried without changing anything; what fails is a finding, too."""
    own = tuple(_settings(settings))
    if not tenant.administrator:
        says = Said(
            "The tenant names no administrator whose rights the directory is read with: unhook tenant add has it."
        )
        return Delegation((found("administrator", Standing.MISSING, says), *own))
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
        again = Said("Check again in a moment.")
        return Delegation((found("Google", Standing.UNKNOWN, Heard(str(error)), again), *own))
    except ConnectorError as error:
        return Delegation((found("access", Standing.MISSING, Heard(str(error))), *own))


def judge(probed: Probed, wanted: Mapping[str, Said]) -> Iterator[Finding]:
    """What a probe says of each scope: first all together, then what is needed, then what is not."""
    if all(one.delegated is Access.NOT_PERMITTED for one in probed.tried) and not probed.wider:
        says = Said(
            "Nothing is delegated to the service account: not yet, or it was withdrawn. "
            "Grant it in the Admin console under domain-wide delegation."
        )
        yield found("delegation", Standing.MISSING, says)
    for one in probed.tried:
        if one.scope == REPORTS:
            yield _reports(one)
        else:
            yield _scope(one, wanted[one.scope])
    if DELETE in wanted:
        yield _delete(DELETE in probed.wider)
    for scope in probed.wider:
        if scope not in wanted:
            says = Said("Delegated, but not needed. Remove it in the Admin console under domain-wide delegation.")
            yield found(short(scope), Standing.WIDE, says)


def _scope(one: Tried, purpose: Said) -> Finding:
    what = short(one.scope)
    if one.delegated is Access.NOT_PERMITTED:
        says = Said(
            "Needed %(purpose)s, and not delegated. Add %(scope)s in the Admin console under domain-wide delegation.",
            {"purpose": purpose, "scope": one.scope},
        )
        return found(what, Standing.MISSING, says)
    if one.closed:
        return _closed(one)
    if one.works is Access.NOT_PERMITTED:
        begin = Said("Delegated, and yet refused:")
        return found(what, Standing.MISSING, begin, Heard(one.detail), _why(one))
    if one.works is Access.UNKNOWN:
        begin = Said("Delegated %(purpose)s. It could not be tried:", {"purpose": purpose})
        return found(what, Standing.GOOD, begin, Heard(one.detail))
    works = Said(
        "Delegated %(purpose)s; tried as %(person)s, and it works.", {"purpose": purpose, "person": one.person}
    )
    return found(what, Standing.GOOD, works)


def _why(one: Tried) -> Said:
    """What else may be missing when a token was given: a right of the account, or an API of the project."""
    if one.scope == MAIL:
        return Said("Is the Gmail API switched on in the service account’s project?")
    if one.scope == DIRECTORY:
        return Said(
            "Does %(person)s have the administrator’s right “Users: Read”, and is the Admin SDK API switched on?",
            {"person": one.person},
        )
    return Said(
        "Does %(person)s have the administrator’s right “Reports”, and is the Admin SDK API switched on?",
        {"person": one.person},
    )


def _closed(one: Tried) -> Finding:
    what = short(one.scope)
    if one.scope == DIRECTORY:
        says = Said("It is the administrator whose rights the directory is read with.")
        return found(what, Standing.MISSING, Heard(one.detail), says)
    return found(what, Standing.UNKNOWN, Heard(one.detail), Said("Try another mailbox."))


def _reports(one: Tried) -> Finding:
    what = short(one.scope)
    if one.works is Access.PERMITTED:
        says = Said("The delivery report tells who got a message: no other mailbox is opened.")
        return found(what, Standing.GOOD, says)
    without = Said("Not needed. Without the delivery report every mailbox is searched, which takes longer.")
    if one.delegated is Access.PERMITTED and one.works is Access.NOT_PERMITTED:
        return found(what, Standing.OPTIONAL, without, Said("It is delegated, and yet refused."), _why(one))
    return found(what, Standing.OPTIONAL, without)


def _delete(is_there: bool) -> Finding:
    what = short(DELETE)
    if is_there:
        says = Said("Delegated to delete for good, which was allowed in the settings.")
        return found(what, Standing.GOOD, says)
    says = Said(
        "Hard delete is allowed in the settings, but %(scope)s is not delegated: it will be refused.",
        {"scope": DELETE},
    )
    return found(what, Standing.MISSING, says)


def _sender(google: Google, settings: Settings, probed: Probed) -> Iterator[Finding]:
    """Whether the account that answers are sent from can be acted as."""
    sender = settings.gmail_answers_from
    if not sender or any(one.scope == MAIL and one.delegated is not Access.PERMITTED for one in probed.tried):
        return
    tried = google_probe.try_mail(google, sender)
    if tried.works is Access.PERMITTED:
        says = Said("Reporters are written to from %(sender)s; its mailbox opens.", {"sender": sender})
        yield found("answers", Standing.GOOD, says)
    else:
        begin = Said("Reporters are written to from %(sender)s:", {"sender": sender})
        end = Said("It must be a person’s account.")
        standing = Standing.MISSING if tried.closed else Standing.UNKNOWN
        yield found("answers", standing, begin, Heard(tried.detail), end)


def _key(google: Google, settings: Settings, now: datetime) -> Iterator[Finding]:
    """How old what we sign with is."""
    if not google.account.key_id:
        says = Said("There is none: Google signs for the service account because this machine may ask for it.")
        yield found("key", Standing.GOOD, says)
        return
    certs = urlsplit(settings.google_certs_url)
    try:
        life = google_probe.life_of_key(google, f"{certs.scheme}://{certs.netloc}/robot/v1/metadata/x509")
    except TryLater as error:
        yield found("key", Standing.UNKNOWN, Heard(str(error)))
        return
    yield judged_key(life, now)


def judged_key(life: Life | None, now: datetime) -> Finding:
    """What there is to say of a key that began, and ends, then."""
    if life is None:
        says = Said("Google does not publish it: it was deleted, or is so new that this takes some minutes.")
        return found("key", Standing.UNKNOWN, says)
    if life.ends <= now:
        says = Said("Expired on %(day)s. Make a new one and restart with it.", {"day": life.ends})
        return found("key", Standing.MISSING, says)
    if life.ends - now < SOON:
        says = Said(
            "Expires on %(day)s, in %(days)s days. Make a new one, then change over.",
            {"day": life.ends, "days": (life.ends - now).days},
        )
        return found("key", Standing.SOON, says)
    age = (now - life.begins).days
    if now - life.begins > OLD:
        says = Said(
            "Made on %(day)s, %(days)s days ago. Make a new one, change over, and delete this one in Google Cloud.",
            {"day": life.begins, "days": age},
        )
        return found("key", Standing.OLD, says)
    says = Said(
        "Made on %(day)s, %(days)s days ago. After %(old)s days it is called old.",
        {"day": life.begins, "days": age, "old": OLD.days},
    )
    return found("key", Standing.GOOD, says)


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
        yield found("add-on", Standing.MISSING, _unset(lacks))
    if not settings.gmail_answers_from:
        says = Said("UNHOOK_GMAIL_ANSWERS_FROM is not set: reporters are not written to.")
        yield found("answers", Standing.OPTIONAL, says)


def _unset(lacks: Sequence[str]) -> Said:
    names: str | Said = lacks[0]
    for one in lacks[1:]:
        names = Said("%(some)s and %(one)s", {"some": names, "one": one})
    if len(lacks) == 1:
        return Said("%(setting)s is not set: nobody can report from Gmail.", {"setting": names})
    return Said("%(settings)s are not set: nobody can report from Gmail.", {"settings": names})
