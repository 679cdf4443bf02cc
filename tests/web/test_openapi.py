"""Bad input, made from our own OpenAPI: never a 5xx, and every answer has the form that is promised."""

import contextlib
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

# Of each route and kind; with HYPOTHESIS_PROFILE=soak more, and other ones.
EXAMPLES_MAX = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 10
LEFT_OUT = ["/api/v1/stream", "/api/v1/screens/stream"]  # they do not end; test_live_stream reads them
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


@pytest.fixture(scope="module")
def operations(page):
    """Every operation of the OpenAPI that the page itself serves."""
    with page.client() as client:
        described = client.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described).exclude(path=LEFT_OUT)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_input_breaks_a_route(page, operations, mode):
    for operation in operations:

        @settings(
            max_examples=EXAMPLES_MAX,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
        )
        @given(case=operation.as_strategy(mode))
        def ask(case):
            case.validate_response(case.call(base_url=page.server.address, timeout=30), checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # a route without input has nothing to get wrong
            ask()
    assert page.server.fault() == ""
    assert page.server.faults == ()
    assert page.service.failure is None
