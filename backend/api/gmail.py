"""Gmail: which card does Google get for which event?

Whoever is proven gets a card, also when something goes wrong: Google shows an error of its own for anything but 200.
Whoever is not gets 401, and no card.
"""

from collections.abc import Callable
from functools import partial, wraps

import structlog
from flask import Blueprint, Flask, g, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from backend.api import errors
from backend.api.google import GoogleEvents, Pressed
from backend.api.identity import Identified
from backend.api.limits import READS_PER_MINUTE, address
from backend.api.words import told
from backend.domain.submission import TAKEN_BACK, Kind, Report, State, Submission, SubmittedAs
from backend.errors import BadInput, Conflict, NotIdentified, StoreUnavailable, UnhookError, Unknown
from backend.flow.intake import intake
from backend.flow.own_page import OF_A_BUTTON, link_to
from backend.flow.own_reports import withdraw_until
from backend.flow.withdraw import withdraw
from backend.services import Services
from backend.store import messages, submissions
from connectors.errors import ConnectorError
from connectors.gmail.addon import cards
from connectors.gmail.addon.addresses import HOMEPAGE, MESSAGE, REFRESH, REPORT, WITHDRAW
from connectors.gmail.addon.answers import Json, asking_for, opened, replaced
from connectors.gmail.addon.event import Event
from connectors.gmail.addon.message import Read, Reader, spellings
from connectors.gmail.addon.scopes import TO_REPORT
from connectors.gmail.addon.words import Words, words_for

log = structlog.get_logger()

LAST = 5  # reports on the homepage
HIGHEST_NUMBER = 10  # digits of a submission's id


class NothingOpen(BadInput):
    """The event names no message."""


class NoSuchReport(Unknown):
    """The person has no report with this number."""


View = Callable[[Pressed, Words], Json]


class GmailCards:
    """One method per address that Google posts to."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._services = services
        self._base = settings.public_url
        self._reader = Reader(settings.gmail_url, settings.ca_file, settings.max_message_bytes)

    def homepage(self, pressed: Pressed, words: Words) -> Json:
        """What the button is for, and one's own last reports."""
        last: list[cards.Result] = []
        own_page = ""
        if pressed.who:
            own_page = self._own_page(pressed.who)
            with self._services.database.read() as tx:
                mine = submissions.own(tx, pressed.who.tenant_id, pressed.who.person.id, LAST)
                last = [_result(tx, self._services, one) for one in mine]
        return opened(cards.homepage(words, self._base, last, own_page))

    def message(self, _: Pressed, words: Words) -> Json:
        """A message was opened: ask what it is. Cheap, and without a look at the message or the person."""
        return opened(cards.question(words, self._base))

    def report(self, pressed: Pressed, words: Words) -> Json:
        """Keep the report with the message, which only these tokens can read and only now.

        Google sends it again after asking for consent, and people press twice: the message's id makes it one report.
        """
        who, event = pressed.who, pressed.event
        if asked := _to_ask_for(pressed):
            return asking_for(asked)
        if who is None:
            raise NotIdentified("Google did not say who pressed, though it may.")
        named = spellings(event.message_id)
        if not named:
            raise NothingOpen

        key = f"gmail-{event.message_id}"
        with self._services.database.read() as tx:
            before = submissions.by_key(tx, who.tenant_id, who.person.id, key)
        if before:
            return replaced(self._card(who, words, before.id, already=True))

        read = self._read(event)
        report = _report_of(who, event, read.id if read else named[0], key)
        accepted = intake(self._services, report, fetched=read.raw if read else None)
        log.info("accepted report", submission=accepted.submission_id, tenant=who.tenant_id, read=read is not None)
        return replaced(self._card(who, words, accepted.submission_id, already=accepted.duplicate))

    def refresh(self, pressed: Pressed, words: Words) -> Json:
        """How a report of one's own stands now. Another person's is as unknown as none at all."""
        who, number = _asked_about(pressed)
        return replaced(self._card(who, words, number))

    def withdraw(self, pressed: Pressed, words: Words) -> Json:
        """Take a report of one's own back; whoever is too late is told so, and how it stands."""
        who, number = _asked_about(pressed)
        try:
            withdraw(self._services, who.person, number)
        except Unknown as error:
            raise NoSuchReport from error
        except Conflict:
            return replaced(self._card(who, words, number, too_late=True))
        return replaced(self._card(who, words, number))

    def _read(self, event: Event) -> Read | None:
        """The message; None when it cannot be read now: then a worker fetches it from the mailbox."""
        try:
            read = self._reader.read(event.message_id, event.oauth_token, event.message_token)
        except ConnectorError as error:
            log.warning("open message not read", why=type(error).__name__)
            return None
        return read if len(read.raw) <= self._services.settings.max_message_bytes else None

    def _card(
        self, who: Identified, words: Words, number: int, *, already: bool = False, too_late: bool = False
    ) -> Json:
        with self._services.database.read() as tx:
            mine = submissions.get_own(tx, who.tenant_id, who.person.id, number)
            if mine is None:
                raise NoSuchReport
            shown = _result(tx, self._services, mine)
        again = already or mine.reported_before
        return cards.result(words, self._base, shown, self._own_page(who), already=again, too_late=too_late)

    def _own_page(self, who: Identified) -> str:
        return link_to(self._services, who.person, OF_A_BUTTON)


def register(app: Flask, services: Services, limiter: Limiter) -> None:
    """Add the addresses that Google posts to."""
    gmail, views, events = Blueprint("gmail", __name__), GmailCards(services), GoogleEvents(services)
    key, is_google_alone = partial(_caller, events), partial(_is_google_alone, events)
    for path, name, view, most in [
        (HOMEPAGE, "homepage", views.homepage, READS_PER_MINUTE),
        (MESSAGE, "message", views.message, READS_PER_MINUTE),
        (REPORT, "report", views.report, services.settings.submissions_per_minute),
        (REFRESH, "refresh", views.refresh, READS_PER_MINUTE),
        (WITHDRAW, "withdraw", views.withdraw, services.settings.submissions_per_minute),
    ]:
        limit = limiter.limit(f"{most}/minute", key_func=key, exempt_when=is_google_alone)
        answering = limit(_answering(events, view))
        gmail.add_url_rule(path, name, answering, methods=["POST"], provide_automatic_options=False)
    gmail.register_error_handler(Exception, partial(_excused, services.settings.public_url))
    app.register_blueprint(gmail)


def _answering(events: GoogleEvents, view: View) -> Callable[[], Json]:
    @wraps(view)
    def answer() -> Json:
        pressed = _pressed(events)
        return view(pressed, words_for(pressed.event.locale))

    return answer


def _pressed(events: GoogleEvents) -> Pressed:
    """The event, proven once per request. Raises NotIdentified."""
    if "pressed" not in g:
        g.pressed = events.prove(request)
    found: Pressed = g.pressed
    return found


def _caller(events: GoogleEvents) -> str:
    """The key of whoever sends the request: the person when proven, else the address."""
    try:
        who = _pressed(events).who
    except UnhookError:
        return address()
    return f"person:{who.person.id}" if who else address()


def _is_google_alone(events: GoogleEvents) -> bool:
    """Google's own call for nobody we know: its addresses are everybody's, so they are not counted."""
    try:
        return _pressed(events).who is None
    except UnhookError:
        return False


def _excused(base_url: str, error: Exception) -> ResponseReturnValue:
    """What went wrong: as a card for somebody who is proven, as the API's plain refusal for anybody else."""
    pressed: Pressed | None = g.get("pressed")
    if pressed is None:
        return errors.answer(error)
    words = words_for(pressed.event.locale)
    card = cards.problem(words, base_url, _sentence(words, error))
    return opened(card) if request.path in {HOMEPAGE, MESSAGE} else replaced(card)


def _sentence(words: Words, error: Exception) -> str:
    if isinstance(error, NoSuchReport):
        return words.not_yours
    if isinstance(error, NothingOpen):
        return words.no_message
    if isinstance(error, TooManyRequests):
        return words.too_many
    log.error("no card for this event", why=type(error).__name__, exc_info=error)
    return words.unreachable if isinstance(error, StoreUnavailable) else words.failed


def _asked_about(pressed: Pressed) -> tuple[Identified, int]:
    """Who pressed, and the number on their card. Whose report that is, is still to be found out."""
    number = pressed.event.submission
    if pressed.who is None or not (number.isascii() and number.isdigit() and len(number) < HIGHEST_NUMBER):
        raise NoSuchReport
    return pressed.who, int(number)


def _to_ask_for(pressed: Pressed) -> tuple[str, ...]:
    """What the person has to grant first. Asking for what is granted would bring the same event again, and again."""
    nothing_said = pressed.who is None and pressed.event.scopes is None
    return TO_REPORT if nothing_said else pressed.event.lacks(TO_REPORT)


def _report_of(who: Identified, event: Event, message_id: str, key: str) -> Report:
    """Who, and whose mailbox, is proven; of the event only the choice and the comment are the person's."""
    return Report(
        tenant_id=who.tenant_id,
        person_id=who.person.id,
        mailbox=who.person.address,
        provider_message_id=message_id,
        comment=event.comment[: cards.LONGEST_COMMENT],
        submitted_as=SubmittedAs.SPAM if event.choice == cards.SPAM else SubmittedAs.PHISH,
        kind=Kind.USER,
        idempotency_key=key,
    )


def _result(tx: Connection, services: Services, one: Submission) -> cards.Result:
    message = messages.get(tx, one.tenant_id, one.message_id) if one.message_id is not None else None
    verdict = told(tx, one.tenant_id, one.message_id) if one.message_id is not None else None
    return cards.Result(
        number=one.id,
        submitted_as=one.submitted_as,
        subject=message.subject if message else "",
        disposition=verdict.disposition if verdict else "",
        reasons=tuple(verdict.reasons) if verdict else (),
        retracted=bool(verdict and verdict.retracted),
        simulation=bool(verdict and verdict.simulation),
        failed=one.state is State.FAILED,
        can_take_back=withdraw_until(services, one) is not None,
        taken_back=one.state in TAKEN_BACK,
    )
