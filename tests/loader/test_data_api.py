"""The Data API's side of the loader, against a fake of its five calls over the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from src.connect import open_warehouse
from src.errors import LoadFailed, UsageError
from src.io.redshift import StatementFailed
from src.io.redshift_data import DataApi, Target, client_token
from src.io.redshift_session import Address
from src.settings import RedshiftSettings
from src.settings_file import load_settings
from tests.loader import fake_data_api
from tests.loader.asking import Asking
from tests.loader.fake_data_api import FakeDataApi
from tests.loader.shop import Shop


@pytest.fixture
def service(address: Address) -> Iterator[tuple[FakeDataApi, Any]]:
    with fake_data_api.serve(address) as pair:
        yield pair


@pytest.fixture
def api(service: tuple[FakeDataApi, Any]) -> DataApi:
    return DataApi(service[1], Target("dev", workgroup="wg1"), sleep=lambda _: None)


def test_rows_come_by_pages_with_their_types(api: DataApi) -> None:
    """Rule 30: paged by NextToken; decimals stay exact."""
    names, rows = api.table(
        "SELECT n AS a, CASE WHEN n = 3 THEN NULL ELSE 'x' END AS b, n::decimal(10, 2) AS c, "
        "n > 2 AS d FROM generate_series(1, 7) n"
    )
    assert names == ["a", "b", "c", "d"]
    assert rows == [(n, None if n == 3 else "x", Decimal(f"{n}.00"), n > 2) for n in range(1, 8)]
    assert all(str(row[2]) == f"{row[0]}.00" for row in rows)
    assert api.table("SELECT 1 WHERE false") == (["?column?"], [])
    assert api.table("SET query_group TO 'x'") == ([], [])


def test_an_error_is_that_of_the_description(api: DataApi) -> None:
    """Rule 28: a failure is no exception of the call, but in DescribeStatement."""
    with pytest.raises(StatementFailed, match='relation "nothing_here" does not exist') as caught:
        api.query("SELECT * FROM nothing_here")
    assert not caught.value.lost


def test_an_error_inside_a_batch_names_the_statement_and_undoes_all(
    api: DataApi, asking: Asking
) -> None:
    """Rules 26, 28: one transaction; SubStatements[i].Error."""
    asking.run("DROP TABLE IF EXISTS batch_test")
    asking.run("CREATE TABLE batch_test (x int)")
    with pytest.raises(StatementFailed, match=r"#2.*does not exist"):
        api.together(["INSERT INTO batch_test VALUES (1)", "INSERT INTO gone VALUES (1)"])
    assert asking.one("SELECT COUNT(*) FROM batch_test") == 0
    api.together(["INSERT INTO batch_test VALUES (1)", "INSERT INTO batch_test VALUES (2)"])
    assert asking.one("SELECT COUNT(*) FROM batch_test") == 2
    asking.run("DROP TABLE batch_test")


def test_the_error_of_a_part_is_told_where_the_whole_does_not(
    service: tuple[FakeDataApi, Any],
) -> None:
    from src.io.redshift_data import _failure

    found = {
        "Status": "FAILED",
        "Error": "ERROR: batch failed",
        "SubStatements": [{"Status": "FINISHED"}, {"Status": "FAILED", "Error": "1023 conflict"}],
    }
    assert _failure(found).said == "batch failed statement 2: 1023 conflict"
    assert _failure({"Status": "ABORTED"}).said == "the statement was aborted"


def test_a_call_whose_answer_is_lost_is_run_once(
    service: tuple[FakeDataApi, Any], api: DataApi, asking: Asking
) -> None:
    """Rule 27: boto3 sends it again with our token, and the service knows the token."""
    fake, _ = service
    asking.run("DROP TABLE IF EXISTS token_test")
    asking.run("CREATE TABLE token_test (x int)")
    fake.lose = {"ExecuteStatement": 2, "BatchExecuteStatement": 1}
    api.execute("INSERT INTO token_test VALUES (1)", "a run and a table")
    api.together(["INSERT INTO token_test VALUES (2)"], "a run and an entry")
    assert asking.rows("SELECT x FROM token_test ORDER BY x") == [(1,), (2,)]
    tokens = [
        given["ClientToken"] for name, given in fake.calls if name.endswith("ExecuteStatement")
    ]
    assert len(tokens) == 5
    assert set(tokens) == {client_token("a run and a table"), client_token("a run and an entry")}
    asking.run("DROP TABLE token_test")


def test_tokens_stand_for_their_text_and_fit() -> None:
    """Rule 27: 64 characters at most."""
    texts = ["run table 1", "run table 2", "x" * 1000]
    assert len({client_token(text) for text in texts}) == 3
    assert all(len(client_token(text)) <= 64 for text in texts)
    assert client_token("run") == client_token("run")


def test_a_load_gives_each_statement_of_weight_a_token_of_its_own(
    service: tuple[FakeDataApi, Any], api: DataApi, shop: Shop
) -> None:
    shop.fill()
    shop.load(lambda: api)
    given = [one for name, one in service[0].calls if name.endswith("ExecuteStatement")]
    copies = [one["ClientToken"] for one in given if one.get("Sql", "").startswith("COPY")]
    publishes = [one for one in given if "load_ledger_tables" in str(one.get("Sqls", ""))[:9000]]
    assert len(copies) == len(set(copies)) == 3
    assert publishes and all(len(one["Sqls"]) <= 40 for one in given if "Sqls" in one)


def test_answers_that_never_come_are_a_loss(service: tuple[FakeDataApi, Any]) -> None:
    fake, client = service
    fake.lose = {"DescribeStatement": 100}
    api = DataApi(client, Target("dev", workgroup="wg1"), sleep=lambda _: None)
    with pytest.raises(StatementFailed) as caught:
        api.execute("SELECT 1")
    assert caught.value.lost


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("ThrottlingException", True),
        ("InternalServerException", True),
        ("ActiveStatementsExceededException", True),
        ("ActiveSessionsExceededException", True),
        ("ValidationException", False),
        ("AccessDeniedException", False),
    ],
)
def test_which_refusals_of_the_service_are_taken_again(code: str, lost: bool) -> None:
    """Too many at once, or a fault of the service: later it may take the call."""

    class Service:
        def execute_statement(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "said"}}, "ExecuteStatement")

    with pytest.raises(StatementFailed, match="said") as caught:
        DataApi(Service(), Target("dev", workgroup="wg1")).execute("SELECT 1")
    assert caught.value.lost is lost


def test_a_statement_that_somebody_aborted_has_failed(service: tuple[FakeDataApi, Any]) -> None:
    """Rule 28."""
    fake, client = service
    answer = fake.answer

    def aborted(name: str, given: dict[str, Any]) -> dict[str, Any]:
        found = answer(name, given)
        return found | {"Status": "ABORTED"} if name == "DescribeStatement" else found

    fake.answer = aborted  # type: ignore[method-assign]
    with pytest.raises(StatementFailed, match="the statement was aborted"):
        DataApi(client, Target("dev", workgroup="wg1"), sleep=lambda _: None).execute("SELECT 1")


def test_a_publish_that_is_sent_again_has_a_token_of_its_own(
    service: tuple[FakeDataApi, Any], api: DataApi, shop: Shop, asking: Asking
) -> None:
    """Rule 27: under the first one's token the service would answer with its failure again."""
    fake, _ = service
    answer, refused = fake.answer, set()

    def conflict(name: str, given: dict[str, Any]) -> dict[str, Any]:
        publish = "load_ledger_tables" in str(given.get("Sqls", [""])[1:2])
        if publish and (not refused or given["ClientToken"] in refused):
            refused.add(given["ClientToken"])
            return {"Id": "refused"}
        if given.get("Id") == "refused":
            said = "1023 Serializable isolation violation on table"
            return {"Id": "refused", "Status": "FAILED", "Error": said}
        return answer(name, given)

    fake.answer = conflict  # type: ignore[method-assign]
    shop.fill()
    assert shop.load(lambda: api).applied == [1]
    assert len(refused) == 1
    asking.holds(shop, 1)


def test_a_load_survives_lost_answers_of_every_call(
    service: tuple[FakeDataApi, Any], api: DataApi, shop: Shop, asking: Asking
) -> None:
    fake, _ = service
    shop.fill()
    shop.change(2)
    fake.lose = dict.fromkeys(
        ("ExecuteStatement", "BatchExecuteStatement", "DescribeStatement", "GetStatementResult"), 3
    )
    assert shop.load(lambda: api).applied == [1, 2]
    assert set(fake.lose.values()) == {0}
    asking.holds(shop, 2)
    asking.is_clean(shop)


def test_more_than_forty_statements_are_refused_before_they_are_sent(
    service: tuple[FakeDataApi, Any], api: DataApi
) -> None:
    """Rule 26."""
    with pytest.raises(LoadFailed, match=r"at most 40 statements, found 41.*psycopg2"):
        api.together(["SELECT 1"] * 41)
    assert service[0].calls == []
    api.together(["SELECT 1"] * 40)
    with pytest.raises(ParamValidationError):
        service[1].batch_execute_statement(Sqls=[], Database="d", WorkgroupName="wgx")


def test_waits_grow_and_are_bounded(service: tuple[FakeDataApi, Any]) -> None:
    """Rule 28: SUBMITTED, PICKED, STARTED until FINISHED."""
    waits: list[float] = []
    api = DataApi(service[1], Target("dev", workgroup="wg1"), sleep=waits.append)
    looks = iter(["SUBMITTED", "PICKED", *["STARTED"] * 20, "FINISHED"])
    answer = service[0].answer

    def slow(name: str, given: dict[str, Any]) -> dict[str, Any]:
        found = answer(name, given)
        return found | {"Status": next(looks)} if name == "DescribeStatement" else found

    service[0].answer = slow  # type: ignore[method-assign]
    api.execute("SELECT 1")
    assert waits == sorted(waits) and len(waits) == 22 and max(waits) == 5.0


def test_a_statement_that_takes_too_long_is_cancelled(service: tuple[FakeDataApi, Any]) -> None:
    """Rule 28: one that is STARTED for ever is not polled for ever, and not tried again."""
    fake, client = service
    answer, cancelled = fake.answer, []

    def stuck(name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name == "CancelStatement":
            cancelled.append(given["Id"])
            return {"Status": True}
        found = answer(name, given)
        return found | {"Status": "STARTED"} if name == "DescribeStatement" else found

    fake.answer = stuck  # type: ignore[method-assign]
    api = DataApi(client, Target("dev", workgroup="wg1"), sleep=lambda _: None, seconds=100)
    with pytest.raises(StatementFailed, match="longer than 100 seconds") as caught:
        api.execute("SELECT 1")
    assert not caught.value.lost and len(cancelled) == 1


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (Target("d", workgroup="w"), {"Database": "d", "WorkgroupName": "w"}),
        (Target("d", workgroup="w", user="u"), {"Database": "d", "WorkgroupName": "w"}),
        (
            Target("d", cluster="c", user="u"),
            {"Database": "d", "ClusterIdentifier": "c", "DbUser": "u"},
        ),
        (
            Target("d", cluster="c", user="u", secret="s"),
            {"Database": "d", "ClusterIdentifier": "c", "SecretArn": "s"},
        ),
    ],
)
def test_how_a_warehouse_is_named(target: Target, named: dict[str, str]) -> None:
    """Rule 29: a workgroup has no DbUser."""
    assert target.arguments() == named


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"database": "d"}, "an incomplete address"),
        ({"workgroup": "w"}, "an incomplete address"),
        ({"database": "d", "cluster": "c"}, "a cluster without user or secret"),
        ({"database": "d", "cluster": "c", "workgroup": "w"}, "both a workgroup and a cluster"),
    ],
)
def test_settings_that_do_not_tell_the_warehouse(given: dict[str, str], found: str) -> None:
    from dataclasses import replace

    redshift = RedshiftSettings(driver="data_api", **given)  # type: ignore[arg-type]
    settings = replace(load_settings("local"), redshift=redshift)
    with pytest.raises(UsageError, match=found), open_warehouse(settings):
        pass
