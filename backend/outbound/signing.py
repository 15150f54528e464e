"""Signing: how does whoever gets an event know that it is ours, and that it is fresh?

`Unhook-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` under the endpoint's secret. The
secret is not kept: it follows from the installation's key and a salt, so that a copy of the database signs nothing.
"""

import hashlib
import hmac

PREFIX = "whsec_"


def secret_of(key: str, tenant_id: int, salt: str) -> str:
    """The secret of the endpoint that has this salt."""
    digest = hmac.digest(key.encode(), f"unhook/outbound/{tenant_id}/{salt}".encode(), hashlib.sha256)
    return PREFIX + digest.hex()


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The header for this body at this time."""
    signed = hmac.digest(secret.encode(), b"%d." % seconds + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hex()}"
