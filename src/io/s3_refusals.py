"""What S3 or the way to it refuses, as one sentence each: what, where, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from src.errors import StarliftError, UsageError
from src.settings import S3Settings

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_CONTINUES = "the next run continues where this one stopped"
_LOG_IN = f"log in again (aws sso login, or new AWS_ variables), then run again: {_CONTINUES}"

# By S3's error code; a HEAD is answered without one, and botocore then gives its status.
_DENIED = (
    "Access is denied",
    "give these credentials s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on its "
    "objects, and the use of its KMS key; docs/s3.md lists what each place needs",
)
_UNKNOWN_KEY = (
    "S3 does not accept these AWS credentials",
    "correct AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret; they belong to one S3 only",
)
_EXPIRED = ("The AWS session token has expired", _LOG_IN)
_THROTTLED = (
    "S3 throttles our requests, also after many tries",
    f"run again when the bucket is less busy: {_CONTINUES}",
)
_ANSWERS = {
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "403": _DENIED,
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "InvalidToken": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": _UNKNOWN_KEY,
    "ExpiredToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "400": ("S3 refuses the request, as it does with an expired session token", _LOG_IN),
    "SlowDown": _THROTTLED,
    "ServiceUnavailable": _THROTTLED,
    "503": _THROTTLED,
    "RequestTimeTooSkewed": ("This machine's clock is wrong", "set the clock, then run again"),
}
_OTHER_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "301")


@contextmanager
def in_a_sentence(place: str, settings: S3Settings) -> Iterator[None]:
    """Turn what botocore raises inside the block into a StarliftError about ``place``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise refusal(error, place, settings) from error
    except BotoCoreError as error:
        raise unreached(error, place, settings) from error


def code_of(error: ClientError) -> str:
    """S3's error code; of an answer without a body its HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer; 0 where there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refusal(error: ClientError, place: str, settings: S3Settings) -> StarliftError:
    """The sentence for an answer of S3."""
    code = code_of(error)
    if code == "NoSuchBucket":
        return UsageError(
            "There is no such bucket",
            where=place,
            do="correct the bucket's name, or s3.endpoint where it lies on another S3 than AWS",
        )
    if code in _OTHER_REGION:
        answer = error.response
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = answer.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
        return UsageError(
            "The bucket is in another region",
            where=place,
            expected=f"s3.region {region}" if region else "the bucket's own region in s3.region",
            found=settings.region or "none set",
            do="set s3.region in conf; bucket and warehouse share one region",
        )
    if code.startswith("KMS."):
        return StarliftError(
            "The KMS key cannot be used",
            where=place,
            found=code,
            do="correct s3.kms_key, or the key's policy; docs/s3.md lists what it has to allow",
        )
    message = str(error.response.get("Error", {}).get("Message", ""))
    found = f"{code}: {message}" if message and message != code else code
    what, do = _ANSWERS.get(
        code, ("S3 refused a request", f"mend it, then run again: {_CONTINUES}")
    )
    return StarliftError(what, where=place, found=found, do=do)


def unreached(error: BotoCoreError, place: str, settings: S3Settings) -> StarliftError:
    """The sentence for a request that S3 has not answered, or that was never sent."""
    import botocore.exceptions as botocore

    if isinstance(error, (botocore.ConnectionError, botocore.HTTPClientError)):
        return StarliftError(
            "S3 cannot be reached",
            where=settings.endpoint or f"region {settings.region or 'of the AWS settings'}",
            found=f"{type(error).__name__} for {place}",
            do=f"correct s3.endpoint and s3.region, or mend the network: {_CONTINUES}",
        )
    no_credentials = (
        botocore.NoCredentialsError,
        botocore.PartialCredentialsError,
        botocore.CredentialRetrievalError,
        botocore.ProfileNotFound,
        botocore.NoAuthTokenError,
        botocore.TokenRetrievalError,
        botocore.SSOError,
        botocore.LoginError,
    )
    if isinstance(error, no_credentials):
        return StarliftError(
            "There are no AWS credentials",
            where=place,
            found=str(error),
            do="log in (aws sso login with AWS_PROFILE), or export AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY; they are never read from conf",
        )
    return StarliftError("S3 cannot be used", where=place, found=f"{type(error).__name__}: {error}")
