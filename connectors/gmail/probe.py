"""Probe: what was delegated to our service account in one organisation, by asking for tokens and by trying?

The consent page and `unhook doctor gmail` ask this. Google tells nobody what was delegated, so each scope is asked for
by itself: a token is given or refused. What a token opens is then tried, without changing anything.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httplib2
from cryptography import x509

from connectors.errors import ConnectorError, NoMailbox, NotPermitted
from connectors.gmail.account import Account, read_account
from connectors.gmail.addon.certificates import certificates_in
from connectors.gmail.client import Google, Request, google_for
from connectors.gmail.directory import Directory
from connectors.gmail.refusals import NotDelegated, lost
from connectors.gmail.reports import one_entry
from connectors.gmail.scopes import DELETE, DIRECTORY, MAIL, REPORTS, WIDER, short
from connectors.probed import Access

__all__ = ["DELETE", "DIRECTORY", "MAIL", "REPORTS", "Account", "Google", "read_account", "short"]  # for who asks

_AT_ONCE = 4


@dataclass(frozen=True)
class Tried:
    """One scope: whether it was delegated, whether what it opens did open, and what Google said if not.

    `person` is whom we acted as. `closed` says that they cannot be acted as at all: suspended, or nobody.
    """

    scope: str
    person: str
    delegated: Access
    works: Access = Access.UNKNOWN
    detail: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Life:
    """From when until when a key is good. In UTC without a zone."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Probed:
    """All that is known of a delegation. `wider` are scopes that were delegated and are not used."""

    tried: tuple[Tried, ...]
    wider: tuple[str, ...]


@contextmanager
def google_of(
    key: str, service_account: str, token_url: str, gmail_url: str, admin_url: str, iam_url: str, ca_file: Path | None
) -> Iterator[Google]:
    """A client that knows no token yet, closed afterwards. Raises Refused when a setting is missing or wrong."""
    google = google_for(
        key, token_url, gmail_url, admin_url, ca_file, timeout=10, service_account=service_account, iam_url=iam_url
    )
    try:
        yield google
    finally:
        google.connections.close()


def probe(google: Google, administrator: str, now: datetime, mailbox: str = "") -> Probed:
    """All of it; without a `mailbox` the first one listed is tried. Raises ConnectorError for what concerns all."""
    directory = try_directory(google, administrator)
    if not mailbox:
        listed = Directory(google, administrator).first() if directory.works is Access.PERMITTED else ""
        mailbox = listed or administrator
    tried = (try_mail(google, mailbox), directory, try_reports(google, administrator, now))
    reachable = next((one.person for one in tried if one.delegated is Access.PERMITTED), mailbox)
    return Probed(tried, delegated(google, reachable, WIDER))


def try_mail(google: Google, mailbox: str) -> Tried:
    """List one message of a mailbox, its id only."""
    request = google.messages.list(userId="me", maxResults=1, fields="messages(id)")
    return _try(google, mailbox, MAIL, lambda: google.call(request, mailbox))


def try_directory(google: Google, administrator: str) -> Tried:
    """List one account."""
    request = google.users.list(customer="my_customer", maxResults=1, fields="users(primaryEmail)")
    return _try(google, administrator, DIRECTORY, lambda: google.call(request, administrator, scope=DIRECTORY))


def try_reports(google: Google, administrator: str, now: datetime) -> Tried:
    """Read one entry of the log of deliveries."""
    request: Request = one_entry(google, now - timedelta(hours=1), now)
    return _try(google, administrator, REPORTS, lambda: google.call(request, administrator, scope=REPORTS))


def delegated(google: Google, person: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these Google gives tokens for. One that it does not answer about is left out."""

    def given(scope: str) -> bool:
        try:
            google.may_act_for(person, scope)
        except ConnectorError:
            return False
        return True

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="probe") as pool:
        return tuple(scope for scope, yes in zip(scopes, pool.map(given, scopes), strict=True) if yes)


def life_of_key(google: Google, keys_url: str) -> Life | None:
    """When the key was made, from what Google publishes of it: nobody's right is needed. None when it is not there.

    `keys_url` is where Google publishes the certificates of service accounts. Raises TryLater.
    """
    published = certificates_in(_published(google, f"{keys_url}/{quote(google.account.email, safe='@')}"))
    ours: x509.Certificate | None = published.get(google.account.key_id)
    if ours is None:
        return None
    return Life(ours.not_valid_before_utc.replace(tzinfo=None), ours.not_valid_after_utc.replace(tzinfo=None))


def _published(google: Google, address: str) -> bytes:
    with google.connections.lent() as http:
        try:
            answer, content = http.request(address)
        except Exception as error:
            raise lost("Google, asked for the service account's public keys,", error) from error
    return bytes(content) if _is_good(answer) else b"{}"


def _is_good(answer: httplib2.Response) -> bool:
    return int(answer.status) == 200


def _try(google: Google, person: str, scope: str, call: Callable[[], object]) -> Tried:
    """First the token, then what it opens. Raises ConnectorError when neither this scope nor this person is why not."""
    try:
        google.may_act_for(person, scope)
    except NotDelegated as error:
        return Tried(scope, person, Access.NOT_PERMITTED, detail=str(error))
    except NoMailbox as error:
        return Tried(scope, person, Access.UNKNOWN, detail=str(error), closed=True)
    try:
        call()
    except NotPermitted as error:
        return Tried(scope, person, Access.PERMITTED, Access.NOT_PERMITTED, str(error))
    except ConnectorError as error:
        closed = isinstance(error, NoMailbox)
        return Tried(scope, person, Access.PERMITTED, Access.UNKNOWN, str(error), closed)
    return Tried(scope, person, Access.PERMITTED, Access.PERMITTED)
