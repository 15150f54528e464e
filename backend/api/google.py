"""Google: does this event come from Gmail for our add-on, and who pressed the button?"""

from dataclasses import dataclass

from flask import Request

from backend.api.identity import Identified, bearer
from backend.domain.submission import Kind
from backend.errors import BadInput, NotIdentified, StoreUnavailable
from backend.services import Services
from backend.store import people, tenants
from connectors.errors import TryLater
from connectors.gmail.addon.certificates import Certificates
from connectors.gmail.addon.event import Event, Unreadable, read_event
from connectors.gmail.addon.tokens import Account, Tokens, Unproven

PROVIDER = "gmail"
MOST_BYTES = 200_000  # of an event: it names a message and does not bring it
NOT_SET_UP = (
    "The Gmail add-on is not set up here: UNHOOK_PUBLIC_URL, UNHOOK_GMAIL_ADDON_ACCOUNT and "
    "UNHOOK_GMAIL_ADDON_CLIENT_ID are needed."
)


@dataclass(frozen=True)
class Pressed:
    """A proven event. `who` is None when Google calls without saying for whom: nobody has agreed to that yet."""

    event: Event
    who: Identified | None


class GoogleEvents:
    """Events that Google posts: a person is the subject of an account in the domain of a tenant of ours."""

    def __init__(self, services: Services) -> None:
        self._services = services
        settings = services.settings
        certificates = Certificates(settings.google_certs_url, settings.ca_file, services.now)
        self._is_set_up = bool(settings.public_url and settings.gmail_addon_account and settings.gmail_addon_client_id)
        self._tokens = Tokens(certificates, settings.gmail_addon_account, settings.gmail_addon_client_id)

    def prove(self, request: Request) -> Pressed:
        """Google's token first, which the body is not needed for; then the person's, which stands in it.

        The token's audience is the address as we gave it to Google, never as the request has it. Raises NotIdentified;
        StoreUnavailable when Google's keys cannot be had just now.
        """
        if not self._is_set_up:
            raise NotIdentified(NOT_SET_UP)
        token = bearer(request)
        try:
            self._tokens.check_google(token, f"{self._services.settings.public_url}{request.url_rule}")
            event = _event_of(request)
            if event.system_token and event.system_token != token:
                raise NotIdentified("This event carries another token than its header.")
            who = self._person(self._tokens.check_person(event.user_token)) if event.user_token else None
        except Unproven as error:
            raise NotIdentified(str(error)) from error
        except TryLater as error:
            raise StoreUnavailable(str(error)) from error
        return Pressed(event, who)

    def _person(self, account: Account) -> Identified:
        """The person, who is new with their first event; their address is the newest that Google gave."""
        with self._services.database.read() as tx:
            tenant = tenants.by_directory(tx, PROVIDER, account.directory)
            if tenant is None:
                raise NotIdentified("Your organisation is not served here. Ask your administrator.")
            person = people.find_person(tx, tenant.id, PROVIDER, account.subject)
        if person is None or person.address != account.address:
            with self._services.database.begin() as tx:
                now = self._services.now()
                person = people.add_person(tx, tenant.id, PROVIDER, account.subject, account.address, "", now)
        return Identified(tenant.id, person, Kind.USER)


def _event_of(request: Request) -> Event:
    request.max_content_length = MOST_BYTES
    try:
        return read_event(request.get_data())
    except Unreadable as error:
        raise BadInput(f"This is no event of Gmail's: {error}.") from error
