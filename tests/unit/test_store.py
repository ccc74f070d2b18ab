"""The store on the local disk: objects are created once and whole, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from src.errors import StarliftError
from src.io.store import LocalStore, Unreadable, bare_path, bare_path_read


def test_an_object_is_created_once_and_never_replaced(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert store.create("log/1.json", b"first") is True
    assert store.create("log/1.json", b"second") is False
    assert store.read("log/1.json") == b"first"
    assert [file.path for file in store.list()] == ["log/1.json"]


def test_of_many_writers_at_once_exactly_one_wins(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    writers = 16
    for round_ in range(10):
        barrier = Barrier(writers)

        def write(number: int, path: str = f"a/{round_}", gate: Barrier = barrier) -> bool:
            gate.wait()
            return store.create(path, str(number).encode() * 1000)

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, range(writers)))
        assert won.count(True) == 1
        assert store.read(f"a/{round_}") == str(won.index(True)).encode() * 1000
    assert len(list(store.list())) == 10


def _die_at(moment: str, folder: str) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, moment, die)
    LocalStore(folder).create("log/1.json", b"x" * 100_000)


@pytest.mark.parametrize("moment", ["fsync", "link"])
def test_a_killed_writer_leaves_no_object(tmp_path: Path, moment: str) -> None:
    process = multiprocessing.get_context("fork").Process(
        target=_die_at, args=(moment, str(tmp_path))
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    store = LocalStore(tmp_path)
    assert store.stat("log/1.json") is None
    # What is left is hidden: raw files, data files and log entries of such names do not count.
    assert all(file.path.startswith("log/.") for file in store.list())
    assert store.create("log/1.json", b"again") is True
    assert store.read("log/1.json") == b"again"


def test_content_is_on_the_disk_before_it_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    fsync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "link", lambda a, b: (calls.append("link"), link(a, b)))
    LocalStore(tmp_path).create("a/b", b"x")
    assert calls == ["fsync", "link", "fsync"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StarliftError, match=r"Cannot write a/b in .*found No space left on device"):
        LocalStore(tmp_path).create("a/b", b"x")
    assert list(LocalStore(tmp_path).list()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a file where a folder should be")
    with pytest.raises(StarliftError, match=r"Cannot write log/1\.json"):
        LocalStore(tmp_path).create("log/1.json", b"x")
    with pytest.raises(StarliftError, match=r"Cannot write log/a/1\.json"):
        LocalStore(tmp_path).create("log/a/1.json", b"x")


def test_size_etag_and_time_of_an_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / "a").write_bytes(b"12345")
    os.utime(tmp_path / "a", ns=(0, 1_600_000_000_123_456_789))
    found = store.stat("a")
    assert found is not None
    assert (found.path, found.size, found.modified) == ("a", 5, 1_600_000_000_123_456)
    os.utime(tmp_path / "a", ns=(0, 1_600_000_000_123_456_790))
    again = store.stat("a")
    assert again is not None
    assert again.etag != found.etag


def test_ranges_of_an_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.create("a", b"0123456789")
    assert store.read("a") == b"0123456789"
    assert store.read("a", 3) == b"3456789"
    assert store.read("a", 3, 4) == b"3456"
    assert store.read("a", 8, 100) == b"89"
    assert store.read("a", 0, 0) == b""


def test_an_object_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"cannot be read in a: found No such file.*take it away"):
        LocalStore(tmp_path).read("a")


def test_listing_is_by_whole_path_below_a_folder(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    paths = ["b", "a/b/c", "a.x", "a/z", "a/b.c", "A"]
    for path in paths:
        store.create(path, b"")
    assert [file.path for file in store.list()] == sorted(paths)
    assert [file.path for file in store.list("a")] == ["a/b.c", "a/b/c", "a/z"]
    assert list(store.list("nothing")) == []


def test_a_file_that_goes_while_it_is_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "walk", lambda *_, **__: [(str(tmp_path), [], ["gone"])])
    assert list(LocalStore(tmp_path).list()) == []


def test_a_link_that_leads_nowhere_is_listed_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    store = LocalStore(tmp_path)
    assert [file.path for file in store.list()] == ["gone", "round"]
    for path in ("gone", "round"):
        with pytest.raises(Unreadable, match=rf"cannot be read in {path}"):
            store.read(path)


# One link at a time: a walk that follows it ends at the system's limit, not in a forest.
@pytest.mark.parametrize("back", [".", "a"])
def test_links_to_folders_are_followed_and_those_that_lead_back_are_not(
    tmp_path: Path, back: str
) -> None:
    store = LocalStore(tmp_path / "raw")
    store.create("a/b", b"")
    LocalStore(tmp_path / "other").create("c", b"")
    (tmp_path / "raw/a/loop").symlink_to(tmp_path / "raw" / back)
    (tmp_path / "raw/there").symlink_to(tmp_path / "other")
    assert [file.path for file in store.list()] == ["a/b", "there/c"]


def test_a_folder_that_cannot_be_listed_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if os.path.basename(path) == "shut":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    # Permissions bind nobody who tests as root, so the refusal is made here.
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(
        StarliftError, match=r"A folder cannot be read in .*shut.*Permission denied"
    ):
        list(LocalStore(tmp_path).list())


def test_delete_takes_a_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for path in ("run1/a", "run1/b/c", "run10/a"):
        store.create(path, b"")
    store.delete("run1")
    assert [file.path for file in store.list()] == ["run10/a"]
    store.delete("run1")


def test_remove_takes_the_objects_named_and_no_other(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for path in ("a", "b/c", "b/d"):
        store.create(path, b"")
    store.remove(["b/c", "a", "never/there"])
    assert [file.path for file in store.list()] == ["b/d"]
    with pytest.raises(StarliftError, match="Cannot delete b in"):
        store.remove(["b"])


@pytest.mark.parametrize(
    ("url", "coded"),
    [
        ("file:///a/b c.csv", "file:///a/b%20c.csv"),
        ("file:///a/%20.csv", "file:/a/%2520.csv"),
        ("s3://bucket/é#?.csv", "s3a://bucket/%C3%A9%23%3F.csv"),
    ],
)
def test_urls_compare_as_spark_gives_them_back(url: str, coded: str) -> None:
    assert bare_path(url) == bare_path_read(coded)
