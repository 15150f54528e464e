"""Headers: what may a page load, and where may its forms lead?"""

from flask import Response, request


def content_policy(forms_lead_to: str = "") -> str:
    """No font comes from anywhere, this server included; otherwise as the whole app's."""
    forms = f"'self' {forms_lead_to}".strip()
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


def harden(response: Response) -> Response:
    """For every page; a view may have set a policy of its own."""
    response.headers.setdefault("Content-Security-Policy", content_policy())
    # Our own addresses may know where a form stood: over TLS the CSRF check asks for it. Others learn nothing.
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint == "web.static":
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
