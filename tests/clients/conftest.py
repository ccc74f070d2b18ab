"""A stand-in, an S3 and the clients' own environment, for programs that use unmodified clients."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from src.standin.server import Endpoint, Standin

HERE = Path(__file__).resolve().parent
VENV = Path(os.environ.get("STARLIFT_CLIENTS_VENV", HERE.parents[1] / ".venv-clients"))
BUCKET = "clients"

Run = Callable[..., str]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="testing", aws_secret_access_key="testing",
    ).create_bucket(Bucket=BUCKET)  # fmt: skip
    yield url
    server.stop()


@pytest.fixture(scope="session")
def client_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients-home")


@pytest.fixture(scope="session")
def environment(s3_url: str, client_home: Path) -> dict[str, str]:
    """What clients and the stand-in find in their environment: moto's S3, and our certificate."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "S3_URL": s3_url,
        "S3_BUCKET": BUCKET,
        "SSL_CERT_FILE": str(client_home / "server.crt"),
    }


@pytest.fixture(scope="session")
def client_endpoint(
    s3_url: str, client_home: Path, environment: dict[str, str]
) -> Iterator[Endpoint]:
    patch = pytest.MonkeyPatch()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, environment[name])
    settings = {"endpoint_url": s3_url, "region": "us-east-1"}
    with Standin(client_home, s3=settings, ephemeral=True) as endpoint:
        yield endpoint
    patch.undo()


@pytest.fixture
def run(client_endpoint: Endpoint, environment: dict[str, str], tmp_path: Path) -> Run:
    """Runs a command of the clients' environment; its output. Fails with what it said."""
    if not (VENV / "bin" / "python").exists():
        pytest.skip(f"the clients are not installed in {VENV}: run make clients")
    login = {
        "REDSHIFT_HOST": "localhost",
        "REDSHIFT_PORT": str(client_endpoint.port),
        "REDSHIFT_DATABASE": client_endpoint.database,
        "REDSHIFT_USER": client_endpoint.user,
        "REDSHIFT_PASSWORD": client_endpoint.password,
    }

    def run_one(command: str, *arguments: str, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            [str(VENV / "bin" / command), *arguments],
            cwd=cwd, env=environment | login, capture_output=True, text=True, check=False,
            timeout=540,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    return run_one


def result(output: str) -> dict[str, object]:
    """The JSON object on the last line of a program's output."""
    found: dict[str, object] = json.loads(output.strip().splitlines()[-1])
    return found
