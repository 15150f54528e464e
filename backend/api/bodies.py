"""Bodies: what does the API accept and answer? OpenAPI is made from these models."""

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from backend.domain.contest import ContestState
from backend.domain.disposition import Disposition
from backend.domain.submission import Identity, Kind, State, SubmittedAs

HIGHEST_ID = 2**31 - 1  # of PostgreSQL's integer
# Control characters have no place in an id, and PostgreSQL keeps no NUL anywhere.
ID_PATTERN = r"^[^\x00-\x1f\x7f]*$"
TEXT_PATTERN = r"^[^\x00]*$"
SAID_PATTERN = r"^[^\x00]*[^\x00\s][^\x00]*$"
BASE64_PATTERN = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
KEY_PATTERN = r"^[\x21-\x7e]*$"
GUID_PATTERN = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("send the raw message as base64 text")
    try:
        return b64decode(value, validate=True)
    except (NotBase64, ValueError) as error:
        raise ValueError("this is not base64; encode the raw message with the standard alphabet") from error


def _not_empty(value: bytes) -> bytes:
    if not value:
        raise ValueError("the raw message is empty; send its bytes or leave the field out")
    return value


def _zoned(value: datetime) -> str:
    return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


RawMessage = Annotated[
    bytes,
    BeforeValidator(_decoded),
    AfterValidator(_not_empty),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 4,
            "pattern": BASE64_PATTERN,
            "contentEncoding": "base64",
            "contentMediaType": "message/rfc822",
        }
    ),
]
When = Annotated[
    datetime, PlainSerializer(_zoned, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _given(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: {"type": "string", "minLength": 1}}}


class ReportBody(_Body):
    """A report. Name the message by an id in your own mailbox, or bring it as `raw`; both is best."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [_given(name) for name in ("provider_message_id", "internet_message_id", "raw")]}
    )

    provider_message_id: str = Field(
        "", max_length=1000, pattern=ID_PATTERN, description="The mail provider's id of the message in your mailbox."
    )
    internet_message_id: str = Field(
        "", max_length=998, pattern=ID_PATTERN, description="The Message-ID header of the message."
    )
    mailbox: str = Field(
        "", max_length=320, pattern=ID_PATTERN, description="Your own address; any other is refused. May be left out."
    )
    submitted_as: SubmittedAs = Field(SubmittedAs.PHISH, description="What you think it is.")
    disposition: Disposition | None = Field(
        None, description="What it is, exactly: only a security team says so, and `submitted_as` then follows from it."
    )
    comment: str = Field("", max_length=2000, pattern=TEXT_PATTERN, description="Anything the analysts should know.")
    raw: RawMessage | None = Field(
        None, description="The raw message or an Outlook .msg file, base64: a copy of your own, checked later."
    )

    @model_validator(mode="after")
    def _names_a_message(self) -> "ReportBody":
        if not (self.provider_message_id or self.internet_message_id or self.raw):
            raise ValueError("name the message: give provider_message_id, internet_message_id or raw")
        return self


class UnverifiedBody(_Body):
    """A report by somebody who cannot prove who they are: it must bring the message itself."""

    raw: RawMessage = Field(description="The raw message, base64.")
    submitted_as: SubmittedAs = Field(SubmittedAs.PHISH, description="What you think it is.")
    comment: str = Field("", max_length=2000, pattern=TEXT_PATTERN, description="Anything the analysts should know.")


class UnverifiedOutlookBody(_Body):
    """A report from Outlook without a token: the message, or its Message-ID for us to look for."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_given(name) for name in ("internet_message_id", "raw")]})

    directory: str = Field(
        min_length=36, max_length=36, pattern=GUID_PATTERN, description="The organisation's Microsoft tenant id."
    )
    internet_message_id: str = Field(
        "", max_length=998, pattern=ID_PATTERN, description="The Message-ID header of the message."
    )
    submitted_as: SubmittedAs = Field(SubmittedAs.PHISH, description="What you think it is.")
    comment: str = Field("", max_length=2000, pattern=TEXT_PATTERN, description="Anything the analysts should know.")
    raw: RawMessage | None = Field(None, description="The raw message, base64.")

    @model_validator(mode="after")
    def _names_a_message(self) -> "UnverifiedOutlookBody":
        if not (self.internet_message_id or self.raw):
            raise ValueError("name the message: give internet_message_id or raw")
        return self


class RawUnverifiedQuery(_Body):
    """What may stand in the address beside a raw message of somebody who cannot prove who they are."""

    submitted_as: SubmittedAs = Field(SubmittedAs.PHISH, description="What you think it is.")


class RawReportQuery(RawUnverifiedQuery):
    """What may stand in the address beside a raw message."""

    disposition: Disposition | None = Field(None, description="What it is, exactly: only a security team says so.")


class PageQuery(_Body):
    """Which part of the list."""

    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    before: int | None = Field(None, ge=1, le=HIGHEST_ID, description="Only reports older than this id.")


class ReportHeaders(BaseModel):
    """Headers of a report that mean something to us; a request carries others, too."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: str = Field(
        "",
        max_length=200,
        pattern=KEY_PATTERN,
        description="Your own name for this report, in printable ASCII: sent again, it is kept once.",
    )


class Receipt(_Body):
    """The report is kept: it survives a crash from here on."""

    id: int
    state: State
    url: str


class Thanks(_Body):
    """The report was taken. The answer is the same for every message."""

    accepted: bool = True


class VerdictForReporter(_Body):
    """What became of the message, in plain words."""

    disposition: Disposition
    meaning: str
    reasons: list[str]
    retracted: bool = Field(description="Whether copies of it have been taken out of mailboxes.")
    simulation: bool = Field(description="Whether it was an exercise of your own security team.")
    decided_at: When


class SubmissionView(_Body):
    """One of your own reports."""

    id: int
    state: State
    submitted_as: SubmittedAs
    kind: Kind
    received_at: When
    verdict: VerdictForReporter | None
    cause: str = Field(description="Why it failed; empty unless the state is `failed`.")
    withdraw_until: When | None = Field(description="Until then it can be taken back; null when it cannot be.")
    contest: ContestState | None = Field(description="What became of your contest of the verdict, if there is one.")


class SubmissionSummary(_Body):
    """One line of the list of your own reports."""

    id: int
    state: State
    submitted_as: SubmittedAs
    received_at: When
    disposition: Disposition | None
    withdraw_until: When | None = Field(description="Until then it can be taken back; null when it cannot be.")


class SubmissionPage(_Body):
    """Your own reports, newest first. `before` is what to ask for next; null at the end."""

    submissions: list[SubmissionSummary]
    before: int | None


class ContestBody(_Body):
    """Why the verdict on a report of yours is wrong."""

    comment: str = Field(max_length=2000, pattern=SAID_PATTERN, description="For the operators who look at it again.")


class ContestReceipt(_Body):
    """Your contest waits for an operator. Only one that is confirmed changes anything."""

    contest: int


class OwnPageLink(_Body):
    """A link to the page of your own reports. It is for you alone, and ends soon: ask again when you need it."""

    url: str
    until: When


class OwnAccuracy(_Body):
    """How many of your phish reports that people have judged were right, and the 95-percent interval of the share."""

    judged: int
    right: int
    low: float
    high: float


class TenantSubmission(_Body):
    """One report of anybody in the organisation, for programs. It names no person and quotes no mail."""

    id: int
    state: State
    kind: Kind
    identity: Identity
    submitted_as: SubmittedAs
    received_at: When
    message: int | None = Field(
        description="The message it reports, once that was read; the same for all its reporters."
    )
    disposition: Disposition | None
    reasons: list[str] = Field(description="Codes of the reasons for it; docs/reasons.md says what each means.")
    retracted: bool = Field(description="Whether copies of the message have been taken out of mailboxes.")


class TenantSubmissionPage(_Body):
    """Reports, newest first. `before` is what to ask for next; null at the end."""

    submissions: list[TenantSubmission]
    before: int | None


class TenantNumbers(_Body):
    """What came in during the last days and what became of it. Counts only."""

    days: int
    reports: int
    reporters: int
    messages: int
    dispositions: dict[Disposition, int]
    retractions: int
    by_themselves: int = Field(description="Retractions that PSR ordered.")
    outcomes: dict[str, int] = Field(description="Copies by what became of them.")


class DaysQuery(_Body):
    """Which days."""

    days: int = Field(30, ge=1, le=366, description="How many, up to now.")


class FormQuery(_Body):
    """In which form."""

    format: Literal["stix", "misp"] = Field("stix", description="A STIX 2.1 bundle or a MISP event.")


class Health(_Body):
    """Whether the process can work, and what is missing if not."""

    ok: bool
    missing: list[str] = []


class FieldProblem(_Body):
    """What is wrong with one field."""

    field: str
    problem: str


class Problem(_Body):
    """A refusal (RFC 9457). `detail` says what to do; `request` finds the line in the log."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request: str
    fields: list[FieldProblem] = []


ACCEPTED: tuple[type[BaseModel], ...] = (ReportBody, UnverifiedBody, UnverifiedOutlookBody, ContestBody)
ANSWERED: tuple[type[BaseModel], ...] = (
    TenantSubmission,
    TenantSubmissionPage,
    TenantNumbers,
    Receipt,
    Thanks,
    SubmissionView,
    SubmissionPage,
    ContestReceipt,
    OwnPageLink,
    OwnAccuracy,
    Health,
    Problem,
)


def plain(model: BaseModel) -> dict[str, Any]:
    """The model as JSON-ready data."""
    return model.model_dump(mode="json")
