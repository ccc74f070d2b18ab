"""User and password for a warehouse: from Secrets Manager, from IAM, or from the environment.

They are never settings, and are asked for when a connection is opened: temporary ones run out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from src.errors import LoadFailed, UsageError
from src.settings import RedshiftSettings

PASSWORD = "STARLIFT_REDSHIFT_PASSWORD"
# How long temporary credentials can be used to log in; a session outlives them.
_IAM_SECONDS = 900


def login(redshift: RedshiftSettings, where: str) -> tuple[str, str]:
    """User and password. Raises UsageError for what is not set, LoadFailed for what AWS refuses."""
    if redshift.secret:
        return _of_secret(redshift, redshift.secret)
    if redshift.login == "iam":
        return _of_iam(redshift, where)
    password = os.environ.get(PASSWORD)
    if not redshift.user or password is None:
        raise UsageError(
            "The warehouse's user or password is not set",
            where=f"{where} redshift",
            expected=f"user, and the environment variable {PASSWORD}; or secret; or login: iam",
            found="no user" if not redshift.user else "no password",
            do=f"export {PASSWORD}=… (it is never read from conf)",
        )
    return redshift.user, password


def _of_secret(redshift: RedshiftSettings, secret: str) -> tuple[str, str]:
    """A secret of the form that Redshift itself keeps: JSON with username and password."""
    text = _asked(
        redshift, "secretsmanager", "get_secret_value", "SecretString", {"SecretId": secret}
    )
    try:
        content = json.loads(text)
        user = redshift.user or content["username"]
        return str(user), str(content["password"])
    except (ValueError, KeyError, TypeError):
        # Not chained: the error of the JSON reader carries the text that it could not read.
        raise UsageError(
            "The secret does not hold a login",
            where=secret,
            expected='JSON with "username" and "password"',
            do="store it as Secrets Manager does for Redshift",
        ) from None


def _of_iam(redshift: RedshiftSettings, where: str) -> tuple[str, str]:
    """Temporary credentials: GetCredentials of a workgroup, GetClusterCredentials of a cluster."""
    if redshift.workgroup:
        given: dict[str, Any] = {
            "workgroupName": redshift.workgroup,
            "dbName": redshift.database,
            "durationSeconds": _IAM_SECONDS,
        }
        answer = _call(redshift, "redshift-serverless", "get_credentials", given)
        return str(answer["dbUser"]), str(answer["dbPassword"])
    if redshift.cluster and redshift.user:
        given = {
            "ClusterIdentifier": redshift.cluster,
            "DbUser": redshift.user,
            "DbName": redshift.database,
            "DurationSeconds": _IAM_SECONDS,
            "AutoCreate": False,
        }
        answer = _call(redshift, "redshift", "get_cluster_credentials", given)
        return str(answer["DbUser"]), str(answer["DbPassword"])
    raise UsageError(
        "IAM needs to know the warehouse",
        where=f"{where} redshift",
        expected="workgroup, or cluster and user",
        found="neither",
    )


def _asked(
    redshift: RedshiftSettings, service: str, call: str, part: str, given: Mapping[str, Any]
) -> str:
    answer = _call(redshift, service, call, given)
    if part not in answer:
        raise UsageError(
            "The secret does not hold a login", where=str(redshift.secret), expected="a text"
        )
    return str(answer[part])


def _call(
    redshift: RedshiftSettings, service: str, call: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(aws_client(redshift, service), call)(**given)
    except (BotoCoreError, ClientError) as error:
        raise LoadFailed(
            "AWS gave no login for the warehouse",
            where=redshift.secret or redshift.workgroup or redshift.cluster,
            found=" ".join(str(error).split()),
            do="check the name, the region, and what the running role is allowed",
        ) from None
    return answer


def aws_client(redshift: RedshiftSettings, service: str) -> Any:
    """A boto3 client in the settings' region, else in the one that boto3 finds.

    Raises UsageError where there is none.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    retries = Config(retries={"mode": "standard", "max_attempts": 6})
    try:
        return boto3.client(service, region_name=redshift.region, config=retries)
    except NoRegionError as error:
        raise UsageError(
            f"AWS's region is not set, which {service} needs",
            where="redshift.region",
            expected="a name like eu-central-1",
            found="nothing",
            do="set it, or AWS_DEFAULT_REGION",
        ) from error
