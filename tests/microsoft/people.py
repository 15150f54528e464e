"""People: a Graph that also tells of one user by id, which is how Unhook learns who reports."""

from typing import Any

from microsoft.graph import FakeGraph, error
from microsoft.server import Request, Response


class GraphWithPeople(FakeGraph):
    """GET /users/{id}."""

    def _route(self, request: Request, claims: dict[str, Any]) -> Response:
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or len(parts) != 2 or parts[0] != "users":
            return super()._route(request, claims)
        if "User.Read.All" not in claims.get("roles", ()):
            return error(403, "Authorization_RequestDenied")
        user = self.directories[claims["tid"]].user(parts[1])
        return Response(200, user.shown()) if user else error(404, "Request_ResourceNotFound")
