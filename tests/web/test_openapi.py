"""Bad input, made from our own OpenAPI: never a 5xx, and every answer has the form that is promised."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

EXAMPLES_MAX = 12  # a route; `make soak` takes more
LEFT_OUT = ("/api/v1/stream", "/api/v1/screens/stream")  # they do not end; test_live_stream reads them


@pytest.fixture(scope="module")
def schema(page):
    with page.client() as client:
        described = client.get("/api/v1/openapi.json").json()
    return schemathesis.openapi.from_dict(described).exclude(path=list(LEFT_OUT))


def test_no_input_breaks_a_route(page, schema):
    with page.client() as browser:
        for found in schema.get_all_operations():
            operation = found.ok()

            @settings(
                max_examples=EXAMPLES_MAX,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                deadline=None,
                derandomize=True,
            )
            @schemathesis.hypothesis.given(case=operation.as_strategy()) if False else _given(operation)
            def check(case):
                answer = case.call(base_url=page.server.address, session=None, timeout=20)
                case.validate_response(
                    answer, checks=[not_a_server_error, response_schema_conformance, status_code_conformance]
                )

            check()
        assert browser.get("/api/v1/me").status_code == 200
    assert page.server.fault() == ""
    assert page.service.failure is None


def _given(operation):
    from hypothesis import given

    return given(case=operation.as_strategy())
