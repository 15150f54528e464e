"""Webmail: what do the demo's people see of their mailboxes, and where do they press Report Phish?

Only for `unhook demo`, which listens on loopback: whoever reaches the page is whichever person they pick. The page
gets that person's token and reports with it through the same API as the add-ins do.
"""

from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.demo.inbox import Folder, Listed, folders
from backend.demo.people import MAILBOXES, TENANT_SLUG, DemoPerson
from backend.domain.submission import Kind
from backend.errors import Unknown
from backend.services import Services
from backend.store import people, tenants
from backend.web import inert
from backend.web.languages import moment
from connectors.errors import ConnectorError
from model.message.parse import parse_message

ADDRESS = "/demo/mail/"
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask, services: Services) -> None:
    """Add the page. The caller has seen that this is the demo."""
    page = Webmail(services)
    here = Blueprint("demo", __name__, url_prefix=ADDRESS, template_folder="templates", static_folder="static")
    here.add_url_rule("/", "people", page.people)
    here.add_url_rule("/<key>/", "inbox", page.inbox)
    here.add_url_rule("/<key>/list", "listing", page.listing)
    here.add_url_rule("/<key>/mail/<path:mail_id>", "mail", page.mail)
    here.add_url_rule("/<key>/body/<path:mail_id>", "body", page.body)
    here.after_request(_harden)
    here.add_app_template_filter(moment)
    app.register_blueprint(here)


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    return response


class Webmail:
    """The pages of the three mailboxes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tokens: dict[str, str] = {}  # one per person and process: the store keeps no token it could give again

    def people(self) -> ResponseReturnValue:
        """Whose mailbox?"""
        counted = [(person, sum(len(f.mails) for f in self._folders(person))) for person in MAILBOXES]
        return render_template("demo/people.html", people=counted)

    def inbox(self, key: str) -> ResponseReturnValue:
        """One person's folders."""
        person = _person(key)
        return render_template("demo/inbox.html", **self._shared(person), opened=None)

    def listing(self, key: str) -> ResponseReturnValue:
        """Only the list, for the page that watches a mail go."""
        person = _person(key)
        opened = None
        return render_template("demo/_list.html", person=person, folders=self._folders(person), opened=opened)

    def mail(self, key: str, mail_id: str) -> ResponseReturnValue:
        """One opened mail beside the list."""
        person = _person(key)
        listed = self._find(person, mail_id)
        facts = parse_message(self._fetch(person, mail_id))
        shown = self._shared(person)
        return render_template("demo/inbox.html", **shown, opened=listed, facts=facts, token=self._token(person))

    def body(self, key: str, mail_id: str) -> ResponseReturnValue:
        """The mail itself, inert, for the frame."""
        page = inert.inert_page(self._fetch(_person(key), mail_id))
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = inert.POLICY
        return response

    def _shared(self, person: DemoPerson) -> dict[str, object]:
        return {
            "person": person,
            "people": MAILBOXES,
            "folders": self._folders(person),
            "api": url_for("api.submissions"),
        }

    def _folders(self, person: DemoPerson) -> list[Folder]:
        settings = self._services.settings
        root: Path = settings.maildir_root or settings.data_dir.resolve() / "mail"
        return folders(root / TENANT_SLUG / person.address / "Maildir")

    def _find(self, person: DemoPerson, mail_id: str) -> Listed:
        for folder in self._folders(person):
            for mail in folder.mails:
                if mail.id == mail_id:
                    return mail
        raise Unknown("This mail is not in the mailbox any more.")

    def _fetch(self, person: DemoPerson, mail_id: str) -> bytes:
        self._find(person, mail_id)  # the connector would also read what it holds back; a mail program would not
        try:
            return self._services.mailboxes(self._tenant_id()).fetch(person.address, mail_id)
        except ConnectorError as error:
            raise Unknown("This mail is not in the mailbox any more.") from error

    def _tenant_id(self) -> int:
        with self._services.database.read() as tx:
            tenant = tenants.by_slug(tx, TENANT_SLUG)
        if tenant is None:
            raise Unknown("The demo's tenant is not there; start it with unhook demo.")
        return tenant.id

    def _token(self, person: DemoPerson) -> str:
        if person.key not in self._tokens:
            tenant_id = self._tenant_id()
            with self._services.database.begin() as tx:
                found = people.find_person(tx, tenant_id, "maildir", person.address)
                if found is None:
                    raise Unknown("The demo does not know this person; remove its data folder and start again.")
                now = self._services.now()
                self._tokens[person.key] = people.issue_token(tx, tenant_id, found.id, Kind.USER, now)
        return self._tokens[person.key]


def _person(key: str) -> DemoPerson:
    for person in MAILBOXES:
        if person.key == key:
            return person
    raise Unknown("Nobody of that name lives in the demo.")
