"""Problems as documents, and what a database error means."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import errors
from app.core.db import Database
from app.core.errors import FieldError, Invalid, NotFound, Problem
from app.core.i18n import msg
from app.tenancy.context import TenantContext

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]


class DriverError(Exception):
    """A driver's error, as far as the mapping looks at it."""

    def __init__(self, sqlstate: str | None = None, constraint_name: str | None = None) -> None:
        super().__init__()
        self.sqlstate = sqlstate
        self.constraint_name = constraint_name


def wrapped(fault: BaseException) -> DBAPIError:
    """SQLAlchemy's error around an adapter's error around the driver's own."""
    adapter = Exception()
    adapter.__cause__ = fault
    return DBAPIError("SELECT", {}, adapter)


def test_the_document_of_a_problem() -> None:
    fault = FieldError("name", "missing", msg("必填"), row=3, column="C", value="x")
    problem = Invalid(msg("已有 {count} 条", count=2), errors=[fault], headers={"Retry-After": "1"}, rows=7)
    assert problem.as_json() == {
        "type": "about:blank",
        "status": 422,
        "code": "invalid",
        "title": "提交的内容有误",
        "detail": "已有 2 条",
        "errors": [
            {"field": "name", "code": "missing", "message": "必填", "row": 3, "column": "C", "value": "x"}
        ],
        "rows": 7,
    }
    assert problem.headers == {"Retry-After": "1"}
    assert NotFound().as_json("en") == {
        "type": "about:blank",
        "status": 404,
        "code": "not_found",
        "title": "Not found",
    }


def test_every_kind_has_its_own_code_and_a_title_in_both_languages() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) == 15
    for kind in KINDS:
        assert 400 <= kind.status <= 503
        assert kind.title.text("zh") != kind.title.text("en")


def test_the_state_and_constraint_of_a_database_error() -> None:
    error = wrapped(DriverError("23505", "uq_organisation_uscc"))
    assert errors.sqlstate(error) == "23505"
    assert errors.constraint_name(error) == "uq_organisation_uscc"
    assert errors.sqlstate(DriverError("40001")) == "40001"
    assert errors.sqlstate(ValueError()) is None
    assert errors.constraint_name(wrapped(DriverError("23505"))) is None


def test_a_constraint_means_the_problem_it_was_given() -> None:
    errors.on_violation("ck_test_errors", lambda: NotFound(msg("必填")))
    found = errors.problem_of(wrapped(DriverError("23514", "ck_test_errors")))
    assert isinstance(found, NotFound)
    assert found is not errors.problem_of(wrapped(DriverError("23514", "ck_test_errors")))
    assert errors.problem_of(wrapped(DriverError("23514", "ck_unknown"))) is None
    assert errors.problem_of(wrapped(DriverError("23514"))) is None


@pytest.mark.parametrize(
    ("state", "expected"), [("40001", True), ("40P01", True), ("23505", False), (None, False)]
)
def test_what_is_worth_another_try(state: str | None, expected: bool) -> None:
    assert errors.retryable(wrapped(DriverError(state))) is expected


async def test_real_errors_have_their_state_and_constraint(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction(TenantContext("330000").info()) as session:
            await session.execute(
                text(
                    "INSERT INTO journal_event (kind, subject_type, subject_id, tenant_id, actor_tenant_id) "
                    "VALUES ('Bad kind', 'x', 'x', '330000', '330000')"
                )
            )
    assert errors.sqlstate(caught.value) == errors.CHECK_VIOLATION
    assert errors.constraint_name(caught.value) == "ck_journal_event_kind"
