"""Add-in: which files does Outlook load from here, and what does this installation tell them?"""

import json
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request, send_from_directory
from flask.typing import ResponseReturnValue

from backend.domain.microsoft import PROVIDER
from backend.errors import Unknown
from backend.services import Services
from backend.store import tenants

FILES = Path(__file__).parents[2] / "addin"
HANDLER = "/addin/dist/spamreporting.js"
PAGES = ("taskpane.html", "commands.html")
FOR_A_WHILE = "public, max-age=300"  # a changed setting reaches people without a new version
FOR_A_DAY = "public, max-age=86400"  # told not to keep a picture, Outlook draws one of its own
# Office.js comes from Microsoft's own address only, and brings MicrosoftAjax.js from another.
SCRIPTS = "'self' https://appsforoffice.microsoft.com https://ajax.aspnetcdn.com"
# Where Outlook on the web and the new Outlook live, with the clouds of governments.
FRAMED_BY = (
    "https://outlook.office.com https://outlook.office365.com https://outlook.cloud.microsoft "
    "https://outlook.office365.us https://outlook-dod.office365.us https://partner.outlook.cn"
)


class AddinFiles:
    """Pages, scripts and pictures of the Outlook add-in. They tell nothing of mail, so nobody is asked who they are."""

    def __init__(self, services: Services) -> None:
        self._services = services
        settings = services.settings
        login = urlsplit(settings.microsoft_login_url)
        self._policy = (
            f"default-src 'none'; script-src {SCRIPTS}; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {login.scheme}://{login.netloc}; form-action 'none'; base-uri 'none'; "
            f"frame-ancestors {FRAMED_BY}"
        )

    def page(self, name: str) -> ResponseReturnValue:
        """A page of the add-in; others are not there."""
        if name not in PAGES:
            raise Unknown("The add-in has no such page.")
        return self._sent(FILES, name, FOR_A_WHILE)

    def asset(self, name: str) -> ResponseReturnValue:
        """A picture or the pane's style."""
        return self._sent(FILES / "assets", name, FOR_A_DAY)

    def script(self, name: str) -> ResponseReturnValue:
        """A script behind one line of configuration: where it runs without a page, it has no address to ask."""
        path = FILES / "dist" / name
        if "/" in name or path.suffix != ".js" or not path.is_file():
            raise Unknown("The add-in has no such script.")
        line = f"var UNHOOK = {json.dumps(self._told())};\n"
        response = Response(line.encode() + path.read_bytes(), content_type="text/javascript; charset=utf-8")
        response.add_etag()
        return self._framed(response, FOR_A_WHILE).make_conditional(request)

    def config(self) -> ResponseReturnValue:
        """What scripts are told, for whoever sets this up; the add-in asks for it to see whether we can be reached."""
        return self._framed(Response(json.dumps(self._told()), content_type="application/json"), "no-store")

    def allowed(self) -> ResponseReturnValue:
        """Which script may act for this address: classic Outlook asks before it lets it call us or sign people in."""
        origin = self._services.settings.public_url
        if not origin:
            raise Unknown("Set UNHOOK_PUBLIC_URL to the address that Outlook reaches this server at.")
        body = json.dumps({"allowed": [f"{origin}{HANDLER}"]})
        return self._framed(Response(body, content_type="application/json"), FOR_A_WHILE)

    def _told(self) -> dict[str, str]:
        settings = self._services.settings
        client = settings.outlook_addin_client_id
        return {
            "origin": settings.public_url,
            "client_id": client,
            "authority": f"{settings.microsoft_login_url}/organizations",
            "scope": f"api://{client}/Report.Submit" if client else "",
            "directory": self._only_directory(),
            "forward_to": settings.outlook_forward_to,
        }

    def _only_directory(self) -> str:
        """The organisation everybody here belongs to, when there is just one: then no sign-in is needed to know it."""
        with self._services.database.read() as tx:
            known = [tenants.get(tx, tenant_id) for tenant_id in tenants.all_ids(tx)]
        found = {tenant.directory for tenant in known if tenant.provider == PROVIDER and tenant.directory}
        return found.pop() if len(found) == 1 else ""

    def _sent(self, folder: Path, name: str, kept: str) -> Response:
        return self._framed(send_from_directory(folder, name), kept)

    def _framed(self, response: Response, kept: str) -> Response:
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # Outlook shows them on its own pages
        response.headers["Cache-Control"] = kept
        return response


def register(app: Flask, services: Services) -> None:
    """Add the add-in's addresses."""
    addin, files = Blueprint("addin", __name__), AddinFiles(services)
    addin.add_url_rule("/addin/<name>", "page", files.page)
    addin.add_url_rule("/addin/assets/<name>", "asset", files.asset)
    addin.add_url_rule("/addin/dist/<name>", "script", files.script)
    addin.add_url_rule("/addin/config.json", "config", files.config)
    addin.add_url_rule("/.well-known/microsoft-officeaddins-allowed.json", "allowed", files.allowed)
    app.register_blueprint(addin)
