"""The committed description is what the code says, and complete enough to write a client from."""

from typing import Any

import pytest
import yaml

from app.access.limits.policies import POLICIES
from app.launch import openapi


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(openapi.document())
    return loaded


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation | {"path": path} for path, item in document["paths"].items() for operation in item.values()
    ]


def test_the_committed_file_is_what_the_code_says() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.document(), "run ./commons openapi"


def test_operation_ids_are_ours_and_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) > 40
    assert len(set(ids)) == len(ids)
    assert [id_ for id_ in ids if "_" in id_] == []


def test_every_operation_has_a_tag_and_its_refusals(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert operation["tags"], operation["path"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_every_operation_is_summed_up_in_words(document: dict[str, Any]) -> None:
    for operation in operations(document):
        summary = operation["summary"]
        assert operation["description"].startswith(summary)
        assert 10 <= len(summary) <= 140, summary
        # Not what the framework makes of the function's name.
        assert summary.replace(" ", "").lower() != operation["operationId"].lower()


def test_every_change_can_be_repeated_safely(document: dict[str, Any]) -> None:
    shared = {"$ref": "#/components/parameters/IdempotencyKey"}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert (shared in operation.get("parameters", [])) is (method != "get"), (method, path)


def test_bodies_refuse_what_they_do_not_know(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name:
            assert schemas[name]["additionalProperties"] is False, name


def test_operations_say_whether_one_must_sign_in_and_how_one_does(document: dict[str, Any]) -> None:
    open_to_visitors = {
        operation["operationId"] for operation in operations(document) if {} in operation.get("security", [])
    }
    assert {"listInstruments", "listOrganisations"} <= open_to_visitors
    assert not open_to_visitors & {"getMe", "listPeople", "listAuditEvents", "createBooking"}
    assert {} not in document["security"]
    told = document["info"]["description"]
    for words in ("/.well-known/openid-configuration", "client_credentials", "code_verifier"):
        assert words in told


def test_every_operation_says_how_it_is_limited(document: dict[str, Any]) -> None:
    for operation in operations(document):
        if operation["path"].startswith("/api/"):
            assert operation["responses"]["429"] == {"$ref": "#/components/responses/TooManyRequests"}
            good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            assert all({"RateLimit", "RateLimit-Policy"} <= set(answer["headers"]) for answer in good)
    refused = document["components"]["responses"]["TooManyRequests"]["headers"]
    assert (
        set(refused)
        == {"RateLimit", "RateLimit-Policy", "Retry-After"}
        <= set(document["components"]["headers"])
    )
    assert all(f"| `{policy.name}` |" in document["info"]["description"] for policy in POLICIES)
