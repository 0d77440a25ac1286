"""Write files to Amazon S3, or to another store with the same protocol."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from concurrent import futures
import contextlib
from functools import cached_property, partial
from hashlib import md5
import threading
from typing import Any
import uuid

import pyarrow as pa
from pydantic import SecretStr, model_validator

from ..addresses import Address
from ..connector import CONNECT_SECONDS, Credentials
from ..destination import Check, Written
from ..exceptions import (
    ConnectorError,
    CredentialError,
    DestinationExistsError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
    VerificationError,
)
from ..extras import Lazy
from ..tls import CaFile, reason_for_distrust
from ..waiting import start
from .blocks import CLEAN_SECONDS, BlockReader, BlockWriter, answer_of, copy_checked
from .destination import FileDestination, is_stale, partial_path, partial_start
from .formats import check_shown, check_suffix, write_batches

boto3 = Lazy("boto3")
config = Lazy("botocore.config")
errors = Lazy("botocore.exceptions")

PART_BYTES = 16 * 1024 * 1024
MOST_PARTS = 10_000  # of an object, which limits it to 156 GiB
READ_SECONDS = 60

# Metadata of an object: the load that wrote it, and which attempt of that load.
LOAD_ID = "load-id"
WRITE_ID = "write-id"

REFUSED_STATUSES = (401, 403)
REFUSED_CODES = ("ExpiredToken", "InvalidToken", "TokenRefreshRequired")
BUSY_STATUS = 429
SERVER_ERROR_STATUS = 500
BUSY_CODES = ("RequestTimeout", "OperationAborted")
CONDITION_FAILED = "PreconditionFailed"
OVERTAKEN_CODES = (CONDITION_FAILED, "ConditionalRequestConflict", "NoSuchUpload")

ATTEMPT = threading.local()  # the request that a thread makes

# Errors that botocore itself raises about incomplete credentials.
CREDENTIAL_ERRORS = (
    "CredentialRetrievalError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "TokenRetrievalError",
)


class S3Credentials(Credentials):
    """How to reach a store.

    Either an access key with its secret, and the session token of a temporary key, or
    nothing. Nothing means the identity of the machine or of whoever is logged in.
    `ca_file` holds the certificates of the authorities that are trusted instead of the
    public ones.
    """

    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    region: str | None = None
    endpoint_url: Address | None = None
    ca_file: CaFile | None = None

    @model_validator(mode="after")
    def _whole_key(self) -> "S3Credentials":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            msg = "access_key_id and secret_access_key belong together"
            raise ValueError(msg)
        if self.session_token and not self.access_key_id:
            msg = "a session_token needs access_key_id and secret_access_key"
            raise ValueError(msg)
        return self


class S3(FileDestination):
    """A store of objects, in buckets.

    Paths are `<bucket>/<key>`, with the suffix .parquet, .csv or .jsonl. An object
    appears complete, by one request, so a failed or killed load leaves the former object
    as it was. The store keeps the hidden parts that a killed load has sent, until a
    lifecycle rule of the bucket ends incomplete uploads.

    It needs the permissions `s3:GetObject`, `s3:ListBucket`, `s3:PutObject`,
    `s3:ListMultipartUploadParts`, `s3:AbortMultipartUpload`, and `s3:DeleteObject` for
    loads that are verified in full.
    """

    credentials_model = S3Credentials
    credentials: S3Credentials

    @cached_property
    def client(self) -> Any:
        """The boto3 client, for reading and listing. Made once, since that is slow.

        Without `endpoint_url` it uses Amazon, whatever `AWS_ENDPOINT_URL` says.

        Raises:
            CredentialError: The credentials can't be used; nothing was sent yet.
        """
        key, secret, token = (
            self.credentials.access_key_id,
            self.credentials.secret_access_key,
            self.credentials.session_token,
        )
        options = config.Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
            ignore_configured_endpoint_urls=True,
            # Else boto3 sends checksums that only Amazon's store knows.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            client = boto3.Session().client(
                "s3",
                aws_access_key_id=key,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                aws_session_token=token.get_secret_value() if token else None,
                region_name=self.credentials.region,
                endpoint_url=self.credentials.endpoint_url,
                verify=self.credentials.ca_file,
                config=options,
            )
        except (ValueError, errors.BotoCoreError) as err:
            raise CredentialError(
                f"The credentials are malformed: {type(err).__name__}.",
                self.place,
                "check endpoint_url, region and the variable AWS_PROFILE.",
            ) from None
        client.meta.events.register("before-send.s3", _check_attempt)
        return client

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one object, which appears complete at `path` or not at all.

        As `FileDestination.from_batches`. With `check` the object is first written to a
        path in the same folder that begins with `_` and ends in `.partial`, and copied
        after `check` returned. A killed load leaves it there; its retry deletes it, or
        a checked load into the same path a day later. Memory: one batch, and two parts
        of 16 MiB, of which an object has at most 10,000.

        Raises:
            CredentialError: The store refused the credentials.
            DestinationExistsError: The object exists, and `overwrite` is False.
            DestinationRejectedError: There is no such bucket, or the object is too long.
            DestinationUnavailableError: No connection; a retry may help.
            UnsupportedFormatError: No format has the path's suffix.
            VerificationError: The data that arrived differs from the data sent.
        """
        check_suffix(path)
        load_id = load_id or uuid.uuid4().hex
        place = self._place(path)
        with self._explained(path):
            former = place.former()
            if former and not overwrite and former.load_id != load_id:
                raise DestinationExistsError.at(path)
            validate = verify_bytes or check is not None
            new = _Upload(place, load_id, validate=validate)
            with contextlib.closing(new) as upload:
                if check:
                    written = self._write_checked(batches, upload, path, check)
                else:
                    written = write_batches(batches, upload, path)
                # Without `overwrite`, replace only the version that was found above.
                condition = former.unchanged if former else {"IfNoneMatch": "*"}
                self._commit(upload, {} if overwrite else condition, path)
        return written

    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of an object, in blocks of 16 MiB.

        As `FileDestination.blocks`. All are of one version of the object.
        """
        check_shown(path)
        place = self._place(path)
        with self._explained(path):
            former = place.former()
            if former is None:
                raise VerificationError(
                    "There is no such file.", path, "load it again."
                )
            yield from _Reader(place, former).blocks()

    def _write_checked(
        self,
        batches: Iterable[pa.RecordBatch],
        upload: "_Upload",
        path: str,
        check: Check,
    ) -> Written:
        """Write a hidden object, check it, and copy it to `upload`."""
        hidden = self._place(partial_path(path, upload.load_id))
        try:
            with contextlib.closing(_Upload(hidden, "", validate=True)) as sending:
                written = write_batches(batches, sending, path)
                version = sending.commit({})
            reader = _Reader(hidden, _Former(version, sending.tell(), "", ""))
            copy_checked(reader, upload, written, check)
        except DestinationUnavailableError:  # no answer: the retry deletes it
            raise
        except BaseException:
            self._clean(hidden, path, CLEAN_SECONDS)
            raise
        self._clean(hidden, path)
        return written

    def _clean(self, hidden: "_Place", path: str, seconds: float | None = None) -> None:
        """Delete a partial object, and those of killed loads into the same object."""
        with contextlib.suppress(
            errors.BotoCoreError, errors.ClientError, DestinationUnavailableError
        ):
            hidden.call("delete_object", seconds)
            self._place(path).delete_stale(seconds)

    def _commit(self, upload: "_Upload", condition: dict[str, str], path: str) -> None:
        """Make the object visible unless another load was faster.

        Raises:
            DestinationExistsError: Another load wrote the object.
            ClientError: Another attempt of this load did, or the store failed.
        """
        try:
            upload.commit(condition)
        except errors.ClientError as err:
            if _code(err) not in OVERTAKEN_CODES:
                raise
            found = upload.place.former()
            if found and found.write_id == upload.write_id:
                return  # this attempt succeeded, and the answer got lost
            if found and condition and found.load_id != upload.load_id:
                raise DestinationExistsError.at(path) from err
            raise

    def _place(self, path: str) -> "_Place":
        bucket, _, key = path.partition("/")
        if not bucket or not key:
            raise DestinationRejectedError(
                "The path names no file in a bucket.",
                path,
                "write it as <bucket>/<folders>/<file>.parquet.",
            )
        return _Place(self.client, bucket, key, f"{path}, {self.place}")

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Translate botocore's errors."""
        where = f"{path}, {self.place}"
        try:
            yield
        except errors.ClientError as err:
            error = _by_code(err, where)
            # The answer to a refusal may quote what was signed.
            raise error from (None if isinstance(error, CredentialError) else err)
        except (errors.ConnectionError, errors.HTTPClientError) as err:
            if reason := reason_for_distrust(err):
                raise FatalError(
                    f"The store's certificate isn't trusted: {reason}.",
                    where,
                    "check endpoint_url, or name its authority's file in ca_file.",
                ) from err
            raise DestinationUnavailableError(
                f"No connection to the store: {type(err).__name__}.",
                where,
                "check endpoint_url and region, and that the store can be reached.",
            ) from err
        except errors.BotoCoreError as err:
            name = type(err).__name__
            if name in CREDENTIAL_ERRORS:
                raise CredentialError(
                    f"There are no usable credentials ({name}).",
                    where,
                    "give access_key_id and secret_access_key, or log in.",
                ) from None
            raise DestinationRejectedError(
                f"The request can't be made ({name}).",
                where,
                "check the bucket's name and the region.",
            ) from err


class _Place:
    """The place of an object, which may not exist yet."""

    def __init__(self, client: Any, bucket: str, key: str, where: str) -> None:
        self.where = where
        self.answers = True
        self._client = client
        self._object = {"Bucket": bucket, "Key": key}

    def call(self, method: str, seconds: float | None = None, /, **options: Any) -> Any:
        """Call a method of the client for this object.

        When it is given up, boto3 begins no further attempt, which could come too late.
        """
        given_up = threading.Event()

        def call() -> Any:
            ATTEMPT.given_up = given_up
            return getattr(self._client, method)(**self._object, **options)

        request = start(call)
        try:
            return answer_of(request, self.where, seconds)
        finally:
            self.answers = request.done()
            given_up.set()

    def delete_stale(self, seconds: float | None) -> None:
        """Delete the partial objects of killed loads into this object."""
        bucket, prefix = self._object["Bucket"], partial_start(self._object["Key"])

        def delete() -> None:
            listing = self._client.get_paginator("list_objects_v2")
            for page in listing.paginate(Bucket=bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    if is_stale(found["Key"], prefix, found["LastModified"]):
                        self._client.delete_object(Bucket=bucket, Key=found["Key"])

        answer_of(start(delete), self.where, seconds)

    def former(self) -> "_Former | None":
        """Return the version of the object that exists, if any."""
        try:
            # Unlike the answer to HEAD, this one tells a missing bucket from an object.
            answer = self.call("get_object")
        except self._client.exceptions.NoSuchKey:
            return None
        except self._client.exceptions.InvalidObjectState:
            answer = self.call("head_object")  # it is archived, but can be replaced
        else:
            answer["Body"].close()  # unread
        return _Former(
            answer["ETag"],
            answer["ContentLength"],
            answer["Metadata"].get(LOAD_ID, ""),
            answer["Metadata"].get(WRITE_ID, ""),
        )


class _Former:
    """One version of an object, and who wrote it."""

    def __init__(self, version: str, size: int, load_id: str, write_id: str) -> None:
        self.unchanged = {"IfMatch": version}
        self.size = size
        self.load_id = load_id
        self.write_id = write_id


class _Upload(BlockWriter):
    """An object to write, which stays hidden until it is committed.

    An object of one part is sent by one request, which commits it. Closing aborts an
    upload that isn't committed.
    """

    block_bytes = PART_BYTES

    def __init__(self, place: _Place, load_id: str, *, validate: bool) -> None:
        super().__init__(place.where)
        self.place = place
        self.load_id = load_id
        self.write_id = uuid.uuid4().hex
        self._validate = validate
        self._metadata = {LOAD_ID: load_id, WRITE_ID: self.write_id}
        self._upload: dict[str, str] = {}
        self._parts: list[dict[str, Any]] = []

    def commit(self, condition: dict[str, str]) -> str:
        """Make the complete object visible in one step, and return its version."""
        rest = bytes(self.rest)
        if not self._upload:
            done = self.place.call(
                "put_object",
                Body=rest,
                Metadata=self._metadata,
                **self._sum_of(rest),
                **condition,
            )
            return str(done["ETag"])
        self.send(rest)
        self.wait()
        if self._validate:
            self._check_parts()
        done = self.place.call(
            "complete_multipart_upload",
            MultipartUpload={"Parts": self._parts},
            **self._upload,
            **condition,
        )
        self._upload = {}
        return str(done["ETag"])

    def close(self) -> None:
        """Abort the upload unless it is committed, after its last part has arrived."""
        if self.closed:
            return
        super().close()
        if not self._upload or not self.place.answers:
            return

        def abort() -> None:
            self.settle()
            self.place.call("abort_multipart_upload", **self._upload)

        # If it takes longer, it goes on in the background.
        with contextlib.suppress(
            errors.BotoCoreError, errors.ClientError, DestinationUnavailableError
        ):
            answer_of(start(abort), self.place.where, CLEAN_SECONDS)

    def start(self, block: bytes) -> futures.Future[Any]:
        if not self._upload:
            begun = self.place.call("create_multipart_upload", Metadata=self._metadata)
            self._upload = {"UploadId": begun["UploadId"]}
        number = len(self._parts) + 1
        if number > MOST_PARTS:
            raise DestinationRejectedError(
                f"The file is longer than {MOST_PARTS} parts of {PART_BYTES} bytes.",
                f"part {number}",
                "load it in several files.",
            )
        return start(partial(self._send_part, number, block))

    def _send_part(self, number: int, part: bytes) -> None:
        sent = self.place.call(
            "upload_part",
            PartNumber=number,
            Body=part,
            **self._upload,
            **self._sum_of(part),
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _sum_of(self, part: bytes) -> dict[str, str]:
        """Return the checksum that the store compares with what arrived."""
        if not self._validate:
            return {}
        digest = md5(part, usedforsecurity=False).digest()
        return {"ContentMD5": b64encode(digest).decode()}

    def _check_parts(self) -> None:
        """Raise unless the store has every part, in its full length."""
        arrived = marker = 0
        while True:
            listed = self.place.call(
                "list_parts", PartNumberMarker=marker, **self._upload
            )
            arrived += sum(part["Size"] for part in listed.get("Parts", ()))
            if not listed["IsTruncated"]:
                break
            marker = listed["NextPartNumberMarker"]
        if arrived != self.tell():
            raise VerificationError(
                f"Of {self.tell()} bytes that were sent, {arrived} arrived.",
                f"{len(self._parts)} parts",
                "run it again.",
            )


class _Reader(BlockReader):
    """One version of an object, to read in any order."""

    block_bytes = PART_BYTES

    def __init__(self, place: _Place, version: _Former) -> None:
        super().__init__(version.size)
        self._place = place
        self._unchanged = version.unchanged

    def download(self, offset: int, length: int) -> bytes:
        wanted = f"bytes={offset}-{offset + length - 1}"

        def read() -> bytes:
            answer = self._place.call("get_object", Range=wanted, **self._unchanged)
            with contextlib.closing(answer["Body"]) as body:
                data: bytes = body.read()
            return data

        return answer_of(start(read), self._place.where)


def _check_attempt(**_event: Any) -> None:
    """Raise unless somebody still waits for this thread's request."""
    given_up = getattr(ATTEMPT, "given_up", None)
    if given_up and given_up.is_set():
        msg = "nobody waits for it any longer"
        raise RuntimeError(msg)


def _code(error: Any) -> str:
    """Return the store's short name of an error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _by_code(error: Any, where: str) -> ConnectorError:
    """Return a retriable error if the store may recover, else a fatal one."""
    code = _code(error)
    answer = error.response.get("ResponseMetadata", {})
    status = answer.get("HTTPStatusCode", SERVER_ERROR_STATUS)
    if code == "InvalidObjectState":
        return DestinationRejectedError(
            "The object is archived, and can't be read.",
            where,
            "restore it first, or load into another path.",
        )
    if code == "NoSuchBucket":
        return DestinationRejectedError(
            "There is no such bucket.",
            where,
            "check the path's first part and the region, or create the bucket.",
        )
    if code in (*OVERTAKEN_CODES, "NoSuchKey"):
        return DestinationUnavailableError(
            "Another load wrote the file at the same time.",
            where,
            "let only one load write a file.",
        )
    if code in REFUSED_CODES or status in REFUSED_STATUSES:
        return CredentialError(
            f"The store refused the credentials ({code}).",
            where,
            "check the key, the token's end, and the permissions that the class names.",
        )
    said = f"The store said: {code}."
    if status >= SERVER_ERROR_STATUS or status == BUSY_STATUS or code in BUSY_CODES:
        return DestinationUnavailableError(said, where, "try again later.")
    return DestinationRejectedError(
        said, where, "look this code up in Amazon's list of S3's error codes."
    )
