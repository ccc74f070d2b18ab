"""The store on S3, against moto's server over HTTP: objects are created once, or not at all."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from src.errors import StarliftError, UsageError
from src.io import store_s3
from src.io.open_store import open_store
from src.io.store import LocalStore, Unreadable
from src.io.store_s3 import S3Store
from src.settings import S3Settings
from tests.s3.server import CREDENTIALS, KEY_ID, SECRET, Fault, S3Server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few tries, for tests in which all of them fail."""
    monkeypatch.setattr(store_s3, "ATTEMPTS", 2)
    monkeypatch.setattr(store_s3, "CONFLICTS", 3)


def sentence(action: object, *arguments: object, kind: type[StarliftError] = StarliftError) -> str:
    """The sentence of a refusal, in which no credential stands."""
    with pytest.raises(kind) as caught:
        action(*arguments)  # type: ignore[operator]
    text = caught.value.sentence()
    assert not any(secret in text for secret in CREDENTIALS.values())
    return text


def test_an_object_is_created_once_and_never_replaced(s3: S3Server, store: S3Store) -> None:
    assert store.create("log/1.json", b"first") is True
    assert store.create("log/1.json", b"second") is False
    assert store.read("log/1.json") == b"first"
    assert [file.path for file in store.list()] == ["log/1.json"]


def test_of_many_writers_at_once_exactly_one_wins(s3: S3Server, store: S3Store) -> None:
    writers = 8
    for round_ in range(5):
        barrier = Barrier(writers)

        def write(number: int, path: str = f"a/{round_}", gate: Barrier = barrier) -> bool:
            gate.wait()
            return store.create(path, str(number).encode() * 1000)

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, range(writers)))
        assert won.count(True) == 1
        assert store.read(f"a/{round_}") == str(won.index(True)).encode() * 1000


def test_size_etag_and_time_are_those_of_s3(s3: S3Server, bucket: str, store: S3Store) -> None:
    before = time.time()
    store.create("a", b"12345")
    found = store.stat("a")
    (listed,) = store.list()
    assert found is not None
    # S3's etag of an object put in one piece is its MD5.
    assert found.etag == listed.etag == hashlib.md5(b"12345").hexdigest()
    assert (found.path, found.size) == (listed.path, listed.size) == ("a", 5)
    for one in (found, listed):
        assert before - 2 < one.modified / 1_000_000 < time.time() + 2
    s3.client().put_object(Bucket=bucket, Key="lake/a", Body=b"67890")
    again = store.stat("a")
    assert again is not None
    assert again.etag == hashlib.md5(b"67890").hexdigest()
    assert store.stat("b") is None


def test_ranges_of_an_object(s3: S3Server, store: S3Store) -> None:
    store.create("a", b"0123456789")
    store.create("empty", b"")
    assert store.read("a") == b"0123456789"
    assert store.read("a", 3) == b"3456789"
    assert store.read("a", 3, 4) == b"3456"
    assert store.read("a", 8, 100) == b"89"
    assert store.read("a", 0, 0) == b""
    assert store.read("a", 10) == b""
    assert store.read("empty") == b""
    assert store.read("empty", 0, 100) == b""


@pytest.mark.long
def test_listing_goes_through_all_pages(s3: S3Server, bucket: str, store: S3Store) -> None:
    client = s3.client()
    paths = [f"f/{number:04d}.csv" for number in range(2345)]

    def put(path: str) -> None:
        client.put_object(Bucket=bucket, Key=f"lake/{path}", Body=b"")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, paths))
    s3.door.requests.clear()
    assert [file.path for file in store.list("f")] == paths
    assert s3.door.count("GET", "list-type=2") == 3
    store.delete("f")
    assert list(store.list()) == []


def test_listing_is_by_whole_path_below_a_folder(s3: S3Server, bucket: str, store: S3Store) -> None:
    paths = ["b", "a/b/c", "a.x", "a/z", "a/b.c", "A", "ab/c", "é/x", "a/é b%20=[1].csv"]
    for path in paths:
        store.create(path, b"")
    s3.client().put_object(Bucket=bucket, Key="lake2/x", Body=b"")
    assert [file.path for file in store.list()] == sorted(paths)
    assert [file.path for file in store.list("a")] == [
        "a/b.c", "a/b/c", "a/z", "a/é b%20=[1].csv",
    ]  # fmt: skip
    assert list(store.list("nothing")) == []


def test_markers_of_folders_are_no_objects(s3: S3Server, bucket: str, store: S3Store) -> None:
    client = s3.client()
    for key in ("lake/", "lake/a/", "lake/a/b.csv"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [file.path for file in store.list()] == ["a/b.csv"]
    store.delete("a")
    left = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in left] == ["lake/"]


def test_a_prefix_is_there_while_anything_is_below_it(
    s3: S3Server, bucket: str, store: S3Store
) -> None:
    s3.client().put_object(Bucket=bucket, Key="lake2/x", Body=b"")
    assert not store.exists()
    assert S3Store(f"s3://{bucket}", s3.settings).exists()
    s3.client().put_object(Bucket=bucket, Key="lake/", Body=b"")
    assert store.exists() and list(store.list()) == []


def test_delete_takes_a_folder_and_nothing_beside_it(s3: S3Server, store: S3Store) -> None:
    for path in ("run1/a", "run1/b/c", "run10/a"):
        store.create(path, b"")
    store.delete("run1")
    assert [file.path for file in store.list()] == ["run10/a"]
    store.delete("run1")


def test_remove_takes_the_objects_named_in_few_requests(s3: S3Server, store: S3Store) -> None:
    for path in ("a", "b/c", "b/d é"):
        store.create(path, b"")
    store.remove(["b/d é", "a", *[f"never/there-{number}" for number in range(1000)]])
    assert [file.path for file in store.list()] == ["b/c"]
    assert s3.door.count("POST", "?delete") == 2
    store.remove([])
    assert s3.door.count("POST", "?delete") == 2


def test_a_store_may_be_a_whole_bucket(s3: S3Server, bucket: str) -> None:
    store = S3Store(f"s3://{bucket}", s3.settings)
    store.create("a/b", b"x")
    assert [file.path for file in store.list()] == ["a/b"]
    assert [file.path for file in store.list("a")] == ["a/b"]
    assert (store.root, store.url("a/b")) == (f"s3://{bucket}", f"s3://{bucket}/a/b")
    assert S3Store(f"s3://{bucket}/x/", s3.settings).url("a") == f"s3://{bucket}/x/a"


def test_an_object_that_is_gone_is_unreadable_and_others_are_not(
    s3: S3Server, store: S3Store
) -> None:
    text = sentence(store.read, "a", kind=Unreadable)
    assert text.startswith(f"The object cannot be read in {store.url('a')}: found NoSuchKey.")


# -- throttling, lost answers, conflicts --------------------------------------------------------


def test_throttled_requests_are_sent_again(s3: S3Server, store: S3Store) -> None:
    store.create("a", b"12345")
    s3.door.requests.clear()
    s3.door.faults = [
        Fault(503, "SlowDown", "GET", "list-type=2", times=2),
        Fault(503, "SlowDown", "GET", "/lake/a", times=2),
        Fault(503, "SlowDown", "HEAD", "/lake/a", times=2),
        Fault(503, "SlowDown", "PUT", "/lake/b", times=2),
    ]
    assert [file.path for file in store.list()] == ["a"]
    assert store.read("a") == b"12345"
    assert store.stat("a") is not None
    assert store.create("b", b"x") is True
    assert [fault.done for fault in s3.door.faults] == [2, 2, 2, 2]
    assert s3.door.count("PUT", "/lake/b") == 3


@pytest.mark.usefixtures("hasty")
def test_throttling_without_end_is_one_sentence(s3: S3Server, store: S3Store) -> None:
    s3.door.faults = [Fault(503, "SlowDown", times=100)]
    text = sentence(lambda: list(store.list()))
    assert text.startswith("S3 throttles our requests, also after many tries in s3://")
    assert "found SlowDown: said by the test" in text
    assert "S3 throttles" in sentence(store.stat, "a")
    assert "S3 throttles" in sentence(store.create, "a", b"x")


def test_an_answer_cut_off_is_asked_for_again(s3: S3Server, store: S3Store) -> None:
    store.create("a", b"12345")
    s3.door.faults = [Fault(method="GET", path="/lake/a", cut=True, times=2)]
    assert store.read("a") == b"12345"
    assert s3.door.faults[0].done == 2


def test_a_stream_that_ends_early_is_read_again(s3: S3Server, store: S3Store) -> None:
    store.create("a", b"12345")
    # Five bytes are promised and none comes: the connection is closed in the middle.
    headers = {"Content-Length": "500", "Connection": "close"}
    short = Fault(200, method="GET", path="/lake/a", headers=headers)
    s3.door.faults = [short]
    assert store.read("a") == b"12345"
    assert short.done == 1


@pytest.mark.parametrize("how", ["answered 500", "cut"])
def test_a_put_obeyed_without_an_answer_finds_itself(
    s3: S3Server, store: S3Store, how: str
) -> None:
    # Sent again by botocore, it meets its own object: 412. Who asked looks at what is there.
    lost = Fault(500, "InternalError", "PUT", "/lake/a", obeyed=True, cut=how == "cut")
    s3.door.faults = [lost]
    assert store.create("a", b"mine") is False
    assert (store.read("a"), lost.done) == (b"mine", 1)
    assert s3.door.count("PUT", "/lake/a") == 2


@pytest.mark.usefixtures("hasty")
def test_a_put_that_is_never_answered_is_not_called_written_nor_unwritten(
    s3: S3Server, store: S3Store
) -> None:
    s3.door.faults = [Fault(method="PUT", cut=True, obeyed=True, times=100)]
    text = sentence(store.create, "a", b"x")
    assert "nobody can say whether an object was written" in text
    assert "Run again when S3 can be reached: the next run looks for itself" in text


def test_a_conflict_is_tried_again(s3: S3Server, store: S3Store) -> None:
    s3.door.faults = [Fault(409, "ConditionalRequestConflict", "PUT", times=3)]
    assert store.create("a", b"x") is True
    assert store.read("a") == b"x"
    # The other one may win as well.
    s3.door.faults = [Fault(409, "ConditionalRequestConflict", "PUT", times=3)]
    assert store.create("a", b"y") is False
    assert s3.door.faults[0].done == 3


@pytest.mark.usefixtures("hasty")
def test_conflicts_without_end_are_one_sentence(s3: S3Server, store: S3Store) -> None:
    s3.door.faults = [Fault(409, "ConditionalRequestConflict", "PUT", times=100)]
    assert "again and again" in sentence(store.create, "a", b"x")
    assert s3.door.faults[0].done == 3


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "AccessDenied", "Access is denied in s3://"),
        (403, "InvalidAccessKeyId", "S3 does not accept these AWS credentials in s3://"),
        (403, "SignatureDoesNotMatch", "S3 does not accept these AWS credentials in s3://"),
        (400, "ExpiredToken", "The AWS session token has expired in s3://"),
        (400, "AuthorizationHeaderMalformed", "The bucket is in another region in s3://"),
        (403, "RequestTimeTooSkewed", "This machine's clock is wrong"),
        (400, "KMS.DisabledException", "The KMS key cannot be used in s3://"),
        (418, "NobodyKnowsThis", "S3 refused a request in s3://"),
    ],
)
def test_what_s3_refuses_is_one_sentence(
    s3: S3Server, store: S3Store, status: int, code: str, says: str
) -> None:
    s3.door.faults = [Fault(status, code, times=100)]
    for action in (lambda: list(store.list()), lambda: store.create("a", b"x")):
        text = sentence(action)
        assert text.startswith(says)
        assert "\n" not in text
    # The answer to a HEAD has no body that could say why.
    if status in (400, 403):
        assert "Access is denied" in (said := sentence(store.stat, "a")) or "expired" in said


def test_another_region_is_named(s3: S3Server, store: S3Store) -> None:
    where = {"x-amz-bucket-region": "eu-west-3"}
    s3.door.faults = [Fault(301, "PermanentRedirect", times=100, headers=where)]
    text = sentence(lambda: list(store.list()), kind=UsageError)
    assert "expected s3.region eu-west-3, found us-east-1" in text


def test_no_such_bucket_is_a_wrong_setting(s3: S3Server) -> None:
    store = S3Store("s3://no-such-bucket-anywhere/lake", s3.settings)
    for action in (lambda: list(store.list()), lambda: store.create("a", b"x")):
        text = sentence(action, kind=UsageError)
        assert text.startswith("There is no such bucket in s3://no-such-bucket-anywhere/lake")


@pytest.mark.usefixtures("hasty")
def test_a_server_that_nobody_answers_for_is_named(s3: S3Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
        store = S3Store("s3://bucket/lake", S3Settings(endpoint, "us-east-1", True))
        text = sentence(lambda: list(store.list()))
    assert text.startswith(f"S3 cannot be reached in {endpoint}: found EndpointConnectionError")


def test_without_credentials_nothing_is_sent(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Settings of its own, for a client that has not found any credentials before.
    store = S3Store(f"s3://{bucket}", S3Settings(s3.endpoint, "eu-north-1", True))
    text = sentence(lambda: list(store.list()))
    assert text.startswith(f"There are no AWS credentials in s3://{bucket}")
    assert "never read from conf" in text
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    other = S3Store(f"s3://{bucket}", S3Settings(s3.endpoint, "eu-north-2", True))
    text = sentence(lambda: list(other.list()))
    assert text.startswith("There are no AWS credentials")
    assert "profile (nobody)" in text
    assert s3.door.requests == []


# -- settings and places ------------------------------------------------------------------------


def test_the_key_of_the_settings_encrypts_what_is_written(s3: S3Server, bucket: str) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/0000"
    settings = S3Settings(s3.endpoint, "us-east-1", True, key)
    S3Store(f"s3://{bucket}", settings).create("a", b"x")
    found = s3.client().head_object(Bucket=bucket, Key="a")
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key)


def test_the_endpoint_is_that_of_the_settings_whatever_the_environment_says(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    settings = S3Settings(s3.endpoint, "ap-south-1", True)
    assert list(S3Store(f"s3://{bucket}", settings).list()) == []
    client = store_s3._client(S3Settings(region="ap-south-1"), 2)
    assert client.meta.endpoint_url == "https://s3.ap-south-1.amazonaws.com"


@pytest.mark.parametrize(
    "location",
    ["s3://", "s3://B/x", "s3://ab/../c", "s3://abc//x", "s3://a_b/x", "s3:///x", "s3://x"],
)
def test_what_is_no_place_on_s3_is_refused(location: str) -> None:
    text = sentence(lambda: open_store(location, S3Settings()), kind=UsageError)
    assert "expected s3://bucket or s3://bucket/prefix" in text


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_credentials_in_a_place_are_not_repeated(scheme: str) -> None:
    location = f"{scheme}://{KEY_ID}:{SECRET}@b/x"
    text = sentence(lambda: open_store(location, S3Settings()), kind=UsageError)
    assert f"{scheme}://…@b/x" in text


@pytest.mark.parametrize("scheme", ["s3a", "s3n"])
def test_one_spelling_of_places_is_taken(scheme: str) -> None:
    text = sentence(lambda: open_store(f"{scheme}://bucket/x", S3Settings()), kind=UsageError)
    assert f"expected s3://bucket/x, found {scheme}://bucket/x. Write s3://" in text


def test_a_location_says_which_store_it_means(tmp_path: object) -> None:
    assert isinstance(open_store("s3://bucket/x", S3Settings()), S3Store)
    assert isinstance(open_store(str(tmp_path), S3Settings()), LocalStore)
    assert open_store(f"file://{tmp_path}", S3Settings()).root == str(tmp_path)
    for location in ("gs://bucket/x", "https://x/y"):
        with pytest.raises(UsageError, match="expected a local path, file:///path or s3://"):
            open_store(location, S3Settings())


def test_a_run_without_s3_does_not_load_boto3() -> None:
    code = (
        "import sys, src.cli.main\n"
        "from src.io.open_store import open_store\n"
        "from src.settings import S3Settings\n"
        "list(open_store('.', S3Settings()).list('conf'))\n"
        "open_store('s3://bucket/x', S3Settings())\n"
        "sys.exit(any(name in sys.modules for name in ('boto3', 'botocore')))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
