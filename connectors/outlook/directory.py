"""Directory: what does a tenant's own directory say, while somebody waits for the answer?"""

from urllib.parse import quote

import httpx
import jwt

from connectors.errors import NotFound
from connectors.outlook.asks import DIRECTORY, Ask
from connectors.outlook.client import Graph
from connectors.outlook.pace import Pace
from connectors.outlook.refusals import checked

CONNECT, READ = 3.0, 8.0  # seconds for each of two tries: the button waits 45, and somebody's report with it


class Directory:
    """One tenant's directory, to be left again. `graph` gives up after seconds: the flow would try for minutes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        graph.pace = Pace(tries=2, longest=2.0)
        graph.timeout = httpx.Timeout(READ, connect=CONNECT)
        graph.credentials.hurry(CONNECT, READ)

    def __enter__(self) -> "Directory":
        return self

    def __exit__(self, *_: object) -> None:
        self.graph.close()

    def address_of(self, oid: str) -> str:
        """The address of one user's mailbox, or their sign-in name. Raises Refused, TryLater."""
        path = f"/users/{quote(oid, safe='')}?$select=id,mail,userPrincipalName"
        ask = Ask("GET", path, "to read who reports", DIRECTORY)
        user = checked(ask, self.graph.ask(ask))
        address = user.get("mail") or user.get("userPrincipalName") if isinstance(user, dict) else None
        if not isinstance(address, str) or str(user.get("id")).lower() != oid.lower():
            raise NotFound("Microsoft's directory answered with another user, or one without an address")
        return address

    def principal(self) -> str:
        """The object id of our own enterprise application there, as our token says. Raises NotPermitted, TryLater."""
        try:
            claims = jwt.decode(self.graph.credentials.token(), options={"verify_signature": False})
        except jwt.PyJWTError:
            return ""  # only Graph needs to be able to read it
        return str(claims.get("oid", ""))
