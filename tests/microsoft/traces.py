"""Traces: what message trace tells, and what it refuses."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from microsoft.filters import predicate, terms
from microsoft.server import Request, Response
from microsoft.store import Directory

if TYPE_CHECKING:
    from microsoft.graph import FakeGraph

_FILTERED_BY = {name: name for name in ("messageId", "receivedDateTime", "senderAddress", "recipientAddress", "status")}


def traces(graph: "FakeGraph", directory: Directory, request: Request, roles: set[str]) -> Response:
    """At most ten days at once, none older than ninety."""
    if "ExchangeMessageTrace.Read.All" not in roles:
        return Response(403, {"error": {"code": "Authorization_RequestDenied", "message": "as in Graph"}})
    query = request.query
    wanted = terms(query.get("$filter", ""))
    times = {op: _time(value) for name, op, value in wanted if name == "receivedDateTime"}
    if set(times) != {"ge", "le"} or times["le"] - times["ge"] > timedelta(days=10):
        return Response(400, {"error": {"code": "BadRequest", "message": "at most ten days"}})
    if times["ge"] < datetime.now(UTC) - timedelta(days=90, minutes=1):
        return Response(400, {"error": {"code": "BadRequest", "message": "at most ninety days ago"}})
    fits = predicate(query["$filter"], _FILTERED_BY)
    found = [row for row in directory.traces if fits(row)]
    return graph.page(request, "/admin/exchange/tracing/messageTraces", found, default=1000, most=5000)


def _time(value: str) -> datetime:
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
