"""Write: what does the manifest of one installation look like?"""

import re
from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from backend.errors import BadInput

SHIPPED = Path(__file__).parents[3] / "manifest.xml"
PLACEHOLDER = "https://unhook.example.com"
NO_CLIENT = "00000000-0000-0000-0000-000000000000"
_ID = re.compile(r"(?<=<Id>)[^<]+(?=</Id>)")
_IDENTITY = re.compile(r"\s*<WebApplicationInfo>.*?</WebApplicationInfo>", re.DOTALL)
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def manifest_for(base_url: str, client_id: str = "") -> str:
    """The shipped manifest with this address and app registration. Raises BadInput.

    Its Id comes from the address: written again it is the same add-in, for another address it is another.
    """
    origin = checked_origin(base_url)
    text = SHIPPED.read_text(encoding="utf-8").replace(PLACEHOLDER, origin)
    text = _ID.sub(str(uuid5(NAMESPACE_URL, origin)), text, count=1)
    if not client_id:
        return _IDENTITY.sub("", text)  # nobody signs in: every report is unverified
    try:
        return text.replace(NO_CLIENT, str(UUID(client_id)))
    except ValueError as error:
        raise BadInput(f"{client_id!r} is no client id: it is the GUID that the app registration shows.") from error


def checked_origin(base_url: str) -> str:
    """The address in its one spelling, https://host or https://host:port. Raises BadInput that says what is wrong."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError as error:
        raise BadInput(f"{base_url!r} is no address: {error}. Give one such as https://unhook.example.org.") from error
    if parts.scheme != "https":
        raise BadInput(f"{base_url!r} does not begin with https://. Outlook loads add-ins over HTTPS only.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise BadInput(f"{base_url!r} is more than a host. Give only https://host or https://host:port.")
    host = (parts.hostname or "").lower()
    if not _HOST.fullmatch(host):
        raise BadInput(
            f"{base_url!r} has no host that Outlook could reach. Write it in plain letters, as DNS knows it."
        )
    return f"https://{host}" if port in {None, 443} else f"https://{host}:{port}"
