"""OpenAPI: how would a program learn what the API takes and answers?"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from backend.api.bodies import (
    ACCEPTED,
    ANSWERED,
    DaysQuery,
    FormQuery,
    PageQuery,
    RawReportQuery,
    RawUnverifiedQuery,
    ReportHeaders,
)
from backend.api.errors import SENTENCES
from backend.domain.disposition import Disposition
from backend.domain.submission import SubmittedAs

Json = dict[str, Any]
REF = "#/components/schemas/{model}"
TAKES_REPORT = (400, 413, 415, 429, 503)
ASKS_WHO = (401, 429, 503)


@cache
def describe() -> Json:
    """The whole description, made from the models that check and answer the requests; made when first asked for."""
    _, schemas = models_json_schema(
        [*((model, "validation") for model in ACCEPTED), *((model, "serialization") for model in ANSWERED)],
        ref_template=REF,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Unhook",
            "version": version("unhook"),
            "description": "Report a message, and see what became of it.",
        },
        "paths": {**_reports(), **_of_tenant(), **_operations()},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "reporter": {"type": "http", "scheme": "bearer"},
                "program": {"type": "http", "scheme": "bearer", "description": "A service token with the scope."},
            },
        },
        "security": [{"reporter": []}],
    }


def _reports() -> Json:
    own_id = {"name": "submission_id", "in": "path", "required": True, "schema": _bounded_id()}
    slug = {"name": "tenant_slug", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
    return {
        "/api/v1/submissions": {
            "post": {
                "operationId": "report",
                "summary": "Report a message. 202 means that the report survives a crash.",
                "parameters": [*_parameters(RawReportQuery, "query"), *_parameters(ReportHeaders, "header")],
                "requestBody": _report_body("ReportBody"),
                "responses": {
                    "200": _json("Receipt", "Kept before, under the same Idempotency-Key."),
                    "202": _json("Receipt", "Kept."),
                    **_refusals(*ASKS_WHO, *TAKES_REPORT, 403, 404, 409),
                },
            },
            "get": {
                "operationId": "listOwnSubmissions",
                "summary": "Your own reports, newest first.",
                "parameters": _parameters(PageQuery, "query"),
                "responses": {"200": _json("SubmissionPage", "One page."), **_refusals(*ASKS_WHO, 400)},
            },
        },
        "/api/v1/submissions/{submission_id}": {
            "get": {
                "operationId": "ownSubmission",
                "summary": "One of your own reports: how far it has come and what was decided.",
                "parameters": [own_id],
                "responses": {"200": _json("SubmissionView", "Your report."), **_refusals(*ASKS_WHO, 404)},
            }
        },
        "/api/v1/submissions/{submission_id}/withdraw": {
            "post": {
                "operationId": "withdraw",
                "summary": "Take one of your own reports back, within seconds: it then counts for nothing.",
                "parameters": [own_id],
                "responses": {"200": _json("SubmissionView", "Your report."), **_refusals(*ASKS_WHO, 404, 409)},
            }
        },
        "/api/v1/submissions/{submission_id}/contest": {
            "post": {
                "operationId": "contest",
                "summary": "Say that the verdict on one of your own reports is wrong. An operator looks at it again.",
                "parameters": [own_id],
                "requestBody": _json_body("ContestBody"),
                "responses": {
                    "201": _json("ContestReceipt", "It waits for an operator."),
                    **_refusals(*ASKS_WHO, 400, 404, 409, 413, 415),
                },
            }
        },
        "/api/v1/own-page": {
            "post": {
                "operationId": "ownPage",
                "summary": "A link to the page of your own reports, good for a quarter of an hour.",
                "responses": {"200": _json("OwnPageLink", "The link."), **_refusals(*ASKS_WHO)},
            }
        },
        "/api/v1/own-accuracy": {
            "get": {
                "operationId": "ownAccuracy",
                "summary": "How often your reports were right, as far as people have judged them.",
                "responses": {"200": _json("OwnAccuracy", "Your record."), **_refusals(*ASKS_WHO)},
            }
        },
        "/api/v1/reports/unverified/{tenant_slug}": {
            "post": {
                "operationId": "reportUnverified",
                "summary": "Report a message without proof of who you are; off unless the installation allows it.",
                "security": [],
                "parameters": [slug, *_parameters(RawUnverifiedQuery, "query")],
                "requestBody": _report_body("UnverifiedBody"),
                "responses": {
                    "202": _json("Thanks", "Kept. The answer is the same for every message."),
                    **_refusals(*TAKES_REPORT, 404),
                },
            }
        },
        "/api/v1/reports/unverified-outlook": {
            "post": {
                "operationId": "reportUnverifiedFromOutlook",
                "summary": "Report a message from Outlook without a token; off unless the installation allows it.",
                "security": [],
                "requestBody": _json_body("UnverifiedOutlookBody"),
                "responses": {
                    "202": _json("Thanks", "The same for every message and every directory, known or not."),
                    **_refusals(*TAKES_REPORT, 404),
                },
            }
        },
    }


def _of_tenant() -> Json:
    refused = _refusals(*ASKS_WHO, 400, 403)
    as_json = {"application/json": {"schema": {"type": "object"}}}
    shared = {"description": "A STIX 2.1 bundle or a MISP event.", "content": as_json}
    return {
        "/api/v1/tenant/submissions": {
            "get": {
                "operationId": "listSubmissions",
                "summary": "Everybody's reports, newest first. Scope read:submissions.",
                "security": [{"program": []}],
                "parameters": _parameters(PageQuery, "query"),
                "responses": {"200": _json("TenantSubmissionPage", "One page."), **refused},
            }
        },
        "/api/v1/tenant/campaigns/{campaign_id}/indicators": {
            "get": {
                "operationId": "indicators",
                "summary": "A campaign's indicators, as STIX or MISP. Scope export:indicators.",
                "security": [{"program": []}],
                "parameters": [
                    {"name": "campaign_id", "in": "path", "required": True, "schema": _bounded_id()},
                    *_parameters(FormQuery, "query"),
                ],
                "responses": {"200": shared, **refused, **_refusals(404)},
            }
        },
        "/api/v1/tenant/numbers": {
            "get": {
                "operationId": "numbers",
                "summary": "What came in lately and what became of it. Scope read:metrics.",
                "security": [{"program": []}],
                "parameters": _parameters(DaysQuery, "query"),
                "responses": {"200": _json("TenantNumbers", "Counts."), **refused},
            }
        },
    }


def _operations() -> Json:
    page = {"description": "Measurements.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    itself = {"description": "This description.", "content": {"application/json": {"schema": {"type": "object"}}}}
    missing = _json("Health", "Something is missing; `missing` names it.")
    return {
        "/healthz": _open_get("health", "Whether the process is alive.", {"200": _json("Health", "It is.")}),
        "/readyz": _open_get(
            "ready", "Whether it can work.", {"200": _json("Health", "Everything is there."), "503": missing}
        ),
        "/metrics": _open_get(
            "metrics", "Measurements for Prometheus, from allowed addresses only.", {"200": page, **_refusals(403, 503)}
        ),
        "/api/v1/openapi.json": _open_get("openapi", "This description.", {"200": itself}),
    }


def _open_get(name: str, summary: str, responses: Json) -> Json:
    return {"get": {"operationId": name, "summary": summary, "security": [], "responses": responses}}


def _report_body(model: str) -> Json:
    raw = {"schema": {"type": "string", "contentMediaType": "message/rfc822", "minLength": 1}}
    outlook = {"schema": {"type": "string", "contentMediaType": "application/vnd.ms-outlook", "minLength": 1}}
    as_json = _json_body(model)
    raws = {"message/rfc822": raw, "application/vnd.ms-outlook": outlook}
    return {**as_json, "content": {**as_json["content"], **raws}}


def _json_body(model: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}}}


def _parameters(model: type[BaseModel], place: str) -> list[Json]:
    """One parameter per field: a header is called as in the request, with hyphens."""
    properties: Json = model.model_json_schema(ref_template=REF)["properties"]
    found = []
    for field, given in properties.items():
        schema = dict(given)
        name = "-".join(part.capitalize() for part in field.split("_")) if place == "header" else field
        if field == "submitted_as":  # a field with a default refers to its enum, which is not among the bodies
            schema = {"type": "string", "enum": [choice.value for choice in SubmittedAs], "default": SubmittedAs.PHISH}
        if field == "disposition":
            schema = {"type": "string", "enum": [choice.value for choice in Disposition]}
        if field == "before":
            schema = _bounded_id()
        description = model.model_fields[field].description
        found.append({"name": name, "in": place, "required": False, "schema": schema, "description": description})
    return found


def _bounded_id() -> Json:
    integers = [part for part in PageQuery.model_json_schema()["properties"]["before"]["anyOf"] if "type" in part]
    return dict(integers[0])


def _json(model: str, description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}}}


def _refusals(*statuses: int) -> Json:
    body = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    return {str(status): {"description": SENTENCES[status], "content": body} for status in _sorted(statuses)}


def _sorted(statuses: Iterable[int]) -> list[int]:
    return sorted(set(statuses))
