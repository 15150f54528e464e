"""IAM: Google signs for a service account when somebody asks who may; and says whose keys are good."""

import json
import re
import secrets
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives.serialization import Encoding
from microsoft.certificates import certificate, private_pem
from microsoft.server import Request, Response

from workspace.tokens import ROBOT
from workspace.trouble import failure

STS, KEYS = "/sts/token", "/robot/v1/metadata/x509/"
AUDIENCE = "//iam.googleapis.com/projects/1234567890/locations/global/workloadIdentityPools/pool/providers/cluster"
_SIGN = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):signJwt")


class Iam:
    """A workload is known by the token of its own platform; it may sign as the accounts in `may_sign_as`."""

    def __init__(self) -> None:
        self.workload = "who the cluster says that I am"
        self.may_sign_as = {ROBOT}
        self.signed = 0
        self.key_age, self.key_lasts, self.key_is_published = 10, 3_000, True
        self._given: set[str] = set()

    def answers(self, path: str) -> bool:
        return path == STS or path.startswith(KEYS) or bool(_SIGN.fullmatch(path))

    def answer(self, request: Request) -> Response:
        if request.path == STS:
            return self._exchange(request.form)
        if request.path.startswith(KEYS):
            return self._published(unquote(request.path.removeprefix(KEYS)))
        found = _SIGN.fullmatch(request.path)
        assert found is not None
        return self._sign(unquote(found[1]), request)

    def federation(self, url: str, token_file: str) -> str:
        """The configuration that Google Cloud gives for a workload outside of it: no secret is in it."""
        return json.dumps(
            {
                "type": "external_account",
                "audience": AUDIENCE,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": url + STS,
                "credential_source": {"file": token_file},
            }
        )

    def _exchange(self, form: dict[str, str]) -> Response:
        if form.get("subject_token") != self.workload or form.get("audience") != AUDIENCE:
            return Response(400, {"error": "invalid_grant", "error_description": "The given token is not known."})
        token = "sts." + secrets.token_urlsafe(16)
        self._given.add(token)
        said = {"access_token": token, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        return Response(200, {**said, "token_type": "Bearer", "expires_in": 3600})

    def _published(self, address: str) -> Response:
        if address != ROBOT:
            return failure(404, "notFound", "no such account")
        said = {"another": certificate("another"), "robot-1": certificate("robot", self.key_lasts, self.key_age)}
        kept = {kid: one for kid, one in said.items() if kid != "robot-1" or self.key_is_published}
        return Response(200, {kid: one.public_bytes(Encoding.PEM).decode() for kid, one in kept.items()})

    def _sign(self, address: str, request: Request) -> Response:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        if token not in self._given or address not in self.may_sign_as:
            return failure(403, "forbidden", "Permission 'iam.serviceAccounts.signJwt' denied on resource")
        self.signed += 1
        claims: dict[str, Any] = json.loads(request.json["payload"])
        signed = jwt.encode(claims, private_pem("robot"), algorithm="RS256", headers={"kid": "google-made"})
        return Response(200, {"keyId": "google-made", "signedJwt": signed})
