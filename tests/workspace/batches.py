"""Batches: several requests in one, as multipart/mixed; each is answered for itself and the whole is always 200."""

from collections.abc import Callable
from email import message_from_bytes, policy
from urllib.parse import urlsplit

from microsoft.server import Request, Response, _json

from workspace.trouble import failure

MOST = 100
_BOUNDARY = "batch_answered"


def answer_batch(request: Request, answer: Callable[[Request], Response]) -> Response:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    whole = message_from_bytes(head + request.body, policy=policy.compat32)
    if not whole.is_multipart():
        return failure(400, "badRequest", "not a batch")
    parts = whole.get_payload()
    if len(parts) > MOST:
        return failure(400, "badRequest", f"The batch request has more than {MOST} calls")
    said = b"".join(_answered(part, request, answer) for part in parts)
    body = said + f"--{_BOUNDARY}--\r\n".encode()
    return Response(200, body, {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"})


def _answered(part, request: Request, answer: Callable[[Request], Response]) -> bytes:  # type: ignore[no-untyped-def]
    inner = part.get_payload()
    inner = inner[0].as_string() if isinstance(inner, list) else inner
    line, _, rest = inner.lstrip().partition("\n")
    method, address, _ = line.split(" ", 2)
    headers, _, body = rest.replace("\r\n", "\n").partition("\n\n")
    named = dict(one.split(": ", 1) for one in headers.split("\n") if ": " in one)
    lower = {name.lower(): value for name, value in named.items()}
    lower.setdefault("authorization", request.headers.get("authorization", ""))
    where = urlsplit(address)
    got = answer(Request(method, where.path, where.query, lower, body.strip().encode()))
    raw = got.body if isinstance(got.body, bytes) else _json(got.body)
    extra = "".join(f"{name}: {value}\r\n" for name, value in got.headers.items())
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: application/http\r\n"
        f"Content-ID: <response-{part['Content-ID'].strip('<>')}>\r\n"
        f"\r\nHTTP/1.1 {got.status} OK\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw + b"\r\n"
