"""OpenAPI: the description is complete, and the app does what it says."""

import re

import jsonschema_rs
import pytest
import schemathesis
from builders import ANA
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from sites import make_site

from backend.api import OPEN
from backend.api.openapi import describe

FEW = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def described() -> set[tuple[str, str]]:
    return {(path, method.upper()) for path, item in describe()["paths"].items() for method in item}


def served(app) -> set[tuple[str, str]]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    return {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in rules
        for method in rule.methods & METHODS
    }


def test_every_route_of_the_api_is_described_and_nothing_else(embedded):
    assert described() == served(embedded.app)


def test_every_route_under_api_belongs_to_the_blueprint_that_asks_who(embedded):
    strays = [
        rule.rule
        for rule in embedded.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("api.")
    ]

    assert strays == []


def test_the_routes_that_ask_nobody_are_described_as_open():
    description = describe()["paths"]

    open_ = {path for path, item in description.items() for call in item.values() if call.get("security") == []}
    assert len(open_) == len(OPEN)
    assert not {path for path in open_ if path.startswith("/api/v1/submissions")}


def test_the_description_is_served_to_everybody(embedded):
    answer = embedded.client().get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json) == (200, describe())


def test_every_schema_is_a_valid_one_and_every_reference_leads_somewhere():
    description = describe()

    schemas = description["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema_rs.meta.validate(schema), name
    references = set(re.findall(r"#/components/schemas/(\w+)", str(description)))
    assert references <= set(schemas)


# The whole API, pelted with what the description allows and with what it forbids.


@pytest.fixture(scope="module")
def pelted(tmp_path_factory):
    site = make_site(tmp_path_factory.mktemp("pelted"), submissions_per_minute=100_000, unverified_per_minute=100_000)
    yield site
    site.services.database.close()


def cases() -> list[tuple[str, str, GenerationMode]]:
    """Every call as described; and, where there is anything to get wrong, as not described."""
    paths = describe()["paths"]
    wrong = [(path, method) for path, method in described() if paths[path][method.lower()].get("parameters")]
    return [(*call, GenerationMode.POSITIVE) for call in described()] + [
        (*call, GenerationMode.NEGATIVE) for call in wrong
    ]


@pytest.mark.parametrize(("path", "method", "mode"), sorted(cases()))
def test_the_app_does_what_it_says(pelted, path, method, mode):
    operation = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", pelted.app)[path][method]

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def pelt(case):
        case.call_and_validate(headers=pelted.bearer(ANA))

    pelt()


@FEW
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["application/json", "message/rfc822", "text/plain", ""]),
    path=st.sampled_from(["/api/v1/submissions", "/api/v1/reports/unverified/acme"]),
)
def test_no_body_breaks_the_app(pelted, body, content_type, path):
    answer = pelted.client().post(path, data=body, content_type=content_type, headers=pelted.bearer(ANA))

    assert answer.status_code in {202, 400, 413, 415}
