"""Squeeze: are our own scripts and styles sent as small as they can be?

Only what lies in `static/`, the same for everybody: a page beside its form's token is better not compressed.
"""

import gzip
from functools import lru_cache

from flask import Response, request

_WORTH = ("text/", "application/javascript", "image/svg+xml")


def squeeze(response: Response) -> Response:
    """Compress a static file for a browser that says it can read that."""
    if request.endpoint != "web.static" or response.status_code != 200:
        return response
    if not (response.mimetype or "").startswith(_WORTH):
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.direct_passthrough = False
        response.set_data(_small(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        tag, _ = response.get_etag()
        response.set_etag(tag or "", weak=True)  # the same file, not the same bytes
    return response


@lru_cache(maxsize=64)
def _small(plain: bytes) -> bytes:
    return gzip.compress(plain, 9, mtime=0)
