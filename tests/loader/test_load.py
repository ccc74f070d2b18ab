"""One load after the other: rows, accounting, order, replay, and what the ledger says."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from src.errors import LoadFailed
from src.io.redshift import Connect
from src.io.redshift_session import Address
from src.pipeline.load_plan import plan_load
from tests.loader.asking import Asking
from tests.loader.proxy import Proxy
from tests.loader.shop import Shop, a_run


def test_entries_are_applied_in_order_and_give_the_rows_of_the_last(
    shop: Shop, any_connect: Connect, asking: Asking
) -> None:
    """Rules 12, 31: every driver stages, publishes and tidies alike."""
    shop.fill()
    for seed in (2, 3, 4):
        shop.change(seed)
    result = shop.load(any_connect)
    assert result.applied == [1, 2, 3, 4]
    asking.holds(shop, 4)
    assert asking.ledger(shop) == [1, 2, 3, 4]
    asking.is_clean(shop)


@pytest.mark.parametrize("file_format", ["orc", "parquet"])
def test_both_formats_load_the_same(
    make_shop: Callable[..., Shop], connect: Connect, asking: Asking, file_format: str
) -> None:
    shop = make_shop(file_format=file_format)
    shop.fill()
    shop.change(2)
    shop.load(connect)
    asking.holds(shop, 2)


def test_a_load_replayed_five_times_changes_nothing(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 12: COPY does not deduplicate, the ledger does."""
    shop.fill()
    shop.change(2)
    run = a_run()
    for expected in ([1, 2], [], [], [], []):
        assert shop.load(connect, run).applied == expected
        asking.holds(shop, 2)
        assert asking.ledger(shop) == [1, 2]
        asking.is_clean(shop)


def test_the_accounting_is_that_of_the_rows(shop: Shop, connect: Connect, asking: Asking) -> None:
    """Counted here in Python, noted there by SQL in the transaction of the data."""
    shop.fill()
    shop.change(2)
    result = shop.load(connect)
    for entry, tables in ((1, result.tables[:3]), (2, result.tables[3:])):
        for one in tables:
            before, after = shop.at[entry - 1].get(one.table, []), shop.at[entry][one.table]
            kept = sum(row in after for row in before)
            assert (one.before, one.after) == (len(before), len(after))
            assert one.after == one.before - one.deleted + one.inserted
            # A row that was replaced by itself is deleted and inserted again.
            assert one.deleted >= len(before) - kept
    back = f"{shop.name}_back"
    noted = asking.rows(
        f"SELECT entry, table_name, sums, rows_manifest, keys_manifest, problems "
        f"FROM {back}.load_ledger_tables ORDER BY entry, table_name"
    )
    assert [row[:2] for row in noted] == [
        (entry, table) for entry in (1, 2) for table in ("basket_item", "dim_item", "fact_sale")
    ]
    assert {row[5] for row in noted} == {0}
    (fact,) = (row for row in noted if row[:2] == (2, "fact_sale"))
    sums = shop.entries[1].built.changes[1].sums  # type: ignore[union-attr]
    assert fact[2] == f"amount {sums['amount']}, pieces {sums['pieces']}"
    assert (len(fact[3]), len(fact[4])) == (64, 64)


def test_the_publish_locks_before_it_looks_and_copies_before_it_locks(
    shop: Shop,
    proxy: Proxy,
    through_proxy: Callable[[str], Connect],
) -> None:
    """Rules 11, 12, 15, 18, 21: one COPY a staging table, then LOCK first, never TRUNCATE."""
    shop.fill()
    shop.change(2)
    shop.load(through_proxy("psycopg2"))
    sent = proxy.statements
    starts = [at for at, text in enumerate(sent) if text == "BEGIN"]
    for at in starts:
        assert sent[at + 1].startswith("LOCK TABLE"), sent[at + 1]
    copies = [text for text in sent if text.startswith("COPY")]
    targets = [text.split(" (")[0] for text in copies]
    files = [f for e in shop.entries for c in e.built.changes for f in (c.rows, c.keys) if f]  # type: ignore[union-attr]
    assert len(set(targets)) == len(targets) == len(files) > 6
    assert all("IAM_ROLE default FORMAT AS ORC MANIFEST" in text for text in copies)
    publishes = [at for at in starts if any("load_ledger_tables" in t for t in sent[at : at + 3])]
    for at in publishes:
        end = sent.index("COMMIT", at)
        assert not any(text.startswith(("COPY", "CREATE", "TRUNCATE")) for text in sent[at:end])
        assert end - at - 1 == 4 + 2 * 3
    assert not any(text.startswith("TRUNCATE") for text in sent)
    deletes = [text for text in sent if text.startswith("DELETE") and "USING" in text]
    assert len(deletes) == 3
    assert all("k_" in text.split("USING")[1] for text in deletes)


def test_a_key_with_no_rows_now_loses_its_rows(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    """Rule 21: the delete joins the staged keys, not the staged rows."""
    shop.fill()
    shop.commit({"fact_sale": {1: [], 2: [], 999: []}})
    result = shop.load(connect)
    assert (result.tables[-1].deleted, result.tables[-1].inserted) == (2, 0)
    assert asking.one(f"SELECT COUNT(*) FROM {shop.name}.fact_sale WHERE sale_key IN (1, 2)") == 0
    asking.holds(shop, 2)


def test_a_table_that_is_gone_is_not_made_anew_empty(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    shop.fill()
    shop.change(2)
    shop.load(connect)
    asking.run(f"DROP TABLE {shop.name}.fact_sale")
    said = r"fact_sale was loaded and is gone.*61 rows.*--full"
    for _ in range(2):
        with pytest.raises(LoadFailed, match=said):
            shop.load(connect)
    (refused,) = plan_load(shop.loader(connect), None, connect().query).refused
    assert re.search(said, refused)
    # A change by keys does not bring it back, a change of the whole table does.
    shop.change(3)
    with pytest.raises(LoadFailed, match=said):
        shop.load(connect)
    assert asking.ledger(shop) == [1, 2]


def test_a_table_that_is_gone_comes_back_whole(
    shop: Shop, connect: Connect, asking: Asking
) -> None:
    shop.fill()
    shop.load(connect)
    asking.run(f"DROP TABLE {shop.name}.fact_sale")
    shop.fill(seed=2)
    shop.load(connect)
    asking.holds(shop, 2)


def test_an_entry_without_changes_is_noted(shop: Shop, connect: Connect, asking: Asking) -> None:
    shop.fill()
    shop.commit({})
    assert shop.load(connect).applied == [1, 2]
    assert asking.ledger(shop) == [1, 2]


def test_empty_tables_load(shop: Shop, connect: Connect, asking: Asking) -> None:
    shop.commit({"dim_item": {}, "fact_sale": {}}, whole=["dim_item", "fact_sale"])
    assert shop.load(connect).applied == [1]
    asking.holds(shop, 1)


def test_the_ledger_of_another_lake_is_not_loaded_upon(
    make_shop: Callable[..., Shop], connect: Connect, asking: Asking
) -> None:
    shop = make_shop()
    shop.fill()
    shop.load(connect)
    shop.entries = [replace(shop.entries[0], run="20250101T000000000Z-ffffff")]
    with pytest.raises(LoadFailed, match=r"loaded from another lake.*drop both of its schemas"):
        shop.load(connect)
    shop.entries = []
    with pytest.raises(LoadFailed, match=r"loaded from another lake.*at most 0 entries"):
        shop.load(connect)
    asking.holds(shop, 1)


def test_who_lacks_a_right_is_told_to_give_it() -> None:
    from src.io.redshift import StatementFailed
    from src.pipeline.load import _failed

    refused = StatementFailed("permission denied for schema x", state="42501")
    assert "Give the loader's user this right; the lake is committed" in str(_failed("A", refused))
    other = StatementFailed("division by zero", state="22012")
    assert "right" not in str(_failed("A", other))


def test_a_wrong_password_is_one_sentence_without_it(address: Address) -> None:
    from src.io.redshift import StatementFailed
    from src.io.redshift_session import by_psycopg2, by_redshift_connector

    for by in (by_psycopg2, by_redshift_connector):
        with pytest.raises(StatementFailed) as caught:
            by(replace(address, password="not-the-password"))
        assert "not-the-password" not in str(caught.value)
        assert "password authentication failed" in str(caught.value)
        assert not caught.value.lost
    assert address.password not in repr(address)


@pytest.fixture
def without_tls() -> Iterator[int]:
    """The port of a server that answers every wish for TLS with no."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        # redshift_connector leaves its socket open when it gives up.
                        client.settimeout(0.5)
                        heard.append(client.recv(8))
                        client.sendall(b"N")
                        heard.append(client.recv(1000))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    # Nothing but the wish for TLS (code 80877103) was ever said in clear text.
    assert heard and all(words in (b"\0\0\0\x08\x04\xd2\x16\x2f", b"") for words in heard)


def test_ssl_is_on_unless_it_is_set_off(without_tls: int) -> None:
    """Rule 31: a server without TLS is refused, not spoken to in clear text."""
    from src.io.redshift import StatementFailed
    from src.io.redshift_session import by_psycopg2, by_redshift_connector

    plain = Address("127.0.0.1", without_tls, "dev", "loader", "a password")
    assert plain.ssl
    for by in (by_psycopg2, by_redshift_connector):
        with pytest.raises(StatementFailed):
            by(plain)
