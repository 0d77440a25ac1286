"""Write files to Azure Data Lake Storage (gen2)."""

import asyncio
import binascii
from collections.abc import Iterable, Iterator
from concurrent import futures
import contextlib
import os
from typing import Any
import uuid

import pyarrow as pa
from pydantic import SecretStr, model_validator

from ..addresses import Account
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
from ..tls import reason_for_distrust
from .blocks import CLEAN_SECONDS, BlockReader, BlockWriter, answer_of, copy_checked
from .destination import FileDestination, is_stale, partial_path, partial_start
from .formats import check_shown, check_suffix, write_batches

adlfs = Lazy("adlfs")
azure = Lazy("azure.core")
errors = Lazy("azure.core.exceptions")

BLOCK_BYTES = 8 * 1024 * 1024  # times 50,000, the most blocks of a blob: 390 GiB
REFUSED_STATUSES = (401, 403)
BUSY_STATUS = 429
SERVER_ERROR_STATUS = 500

# Passed with every request. It is the task that retries a refused connection.
REQUEST: dict[str, Any] = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": 60,
    "retry_connect": 0,
    "retry_total": 2,
}
LOAD_ID = "load_id"  # the metadata that says which load wrote a file


class AzureDataLakeCredentials(Credentials):
    """How to reach a storage account.

    Either a connection string, or the account's name with one of: a key, a SAS token, a
    service principal (tenant_id, client_id, client_secret), or nothing. Nothing means
    the identity of the machine or of the developer who is logged in.
    """

    account_name: Account | None = None
    account_key: SecretStr | None = None
    sas_token: SecretStr | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    connection_string: SecretStr | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> "AzureDataLakeCredentials":
        principal = (self.tenant_id, self.client_id, self.client_secret)
        ways = [
            self.account_key,
            self.sas_token,
            self.connection_string,
            any(principal),
        ]
        if (self.account_name is None) == (self.connection_string is None):
            msg = "give either account_name or connection_string"
            raise ValueError(msg)
        if sum(map(bool, ways)) > 1:
            msg = "give one of account_key, sas_token, service principal, connection_string"
            raise ValueError(msg)
        if any(principal) and not all(principal):
            msg = "a service principal needs tenant_id, client_id and client_secret"
            raise ValueError(msg)
        return self


class AzureDataLake(FileDestination):
    """A storage account.

    Paths are `<container>/<folders>/<file>`, with the suffix .parquet, .csv or .jsonl. A
    file is sent as uncommitted blocks and appears when their list is committed, so a
    failed or killed load leaves the former file as it was.
    """

    credentials_model = AzureDataLakeCredentials
    credentials: AzureDataLakeCredentials

    @property
    def filesystem(self) -> Any:
        """The account as an fsspec file system, for reading and listing.

        Raises:
            CredentialError: The credentials can't be used; nothing was sent yet.
        """
        fields = self.credentials.model_dump(exclude_none=True)
        for field in type(self.credentials).model_fields:
            variable = f"AZURE_STORAGE_{field.upper()}"
            if field not in fields and os.environ.get(variable):
                # adlfs would use it, and might write to another account.
                raise CredentialError(
                    f"The variable {variable} is set in addition to the credentials.",
                    self.place,
                    "unset it, or move its value to the other credentials.",
                )
        storage_options = {
            key: value.get_secret_value() if isinstance(value, SecretStr) else value
            for key, value in fields.items()
        }
        try:
            return adlfs.AzureBlobFileSystem(
                **storage_options, skip_instance_cache=True
            )
        except (ValueError, binascii.Error):
            # From None on purpose: the message may quote the connection string.
            raise CredentialError(
                "The credentials are malformed.",
                self.place,
                "copy the key or the connection string again.",
            ) from None

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
        """Write batches into one file, which appears complete at `path` or not at all.

        As `FileDestination.from_batches`. With `check` the file is first written to a
        path in the same folder that begins with `_` and ends in `.partial`, and copied
        after `check` returned. A killed load leaves it there; its retry deletes it, or
        a checked load into the same path a day later. Memory: one batch, and two blocks
        of 8 MiB.

        Raises:
            CredentialError: The account refused the credentials.
            DestinationExistsError: The file exists, and `overwrite` is False.
            DestinationRejectedError: There is no such container.
            DestinationUnavailableError: No connection; a retry may help.
            UnsupportedFormatError: No format has the path's suffix.
            VerificationError: The data that arrived differs from the data sent.
        """
        check_suffix(path)
        load_id = load_id or uuid.uuid4().hex
        blob = self._blob(path, validate=verify_bytes or check is not None)
        with self._explained(path):
            written_by = blob.load_id()
            replace = overwrite or written_by == load_id
            if written_by is not None and not replace:
                raise DestinationExistsError.at(path)
            if check:
                written = self._write_checked(batches, blob, path, load_id, check)
            else:
                written = write_batches(batches, blob, path)
            try:
                blob.commit(load_id, replace=replace)
            except errors.ResourceExistsError as err:
                # Another load was faster, or this one was, and the answer got lost.
                if blob.load_id() != load_id:
                    raise DestinationExistsError.at(path) from err
        return written

    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file, in blocks of 8 MiB.

        As `FileDestination.blocks`. All are of one version of the file.
        """
        check_shown(path)
        with self._explained(path):
            yield from self._reader(path).blocks()

    def _write_checked(
        self,
        batches: Iterable[pa.RecordBatch],
        blob: "_Blob",
        path: str,
        load_id: str,
        check: Check,
    ) -> Written:
        """Write a hidden file, check it, and copy it to `blob`."""
        hidden_path = partial_path(path, load_id)
        hidden = self._blob(hidden_path, validate=True)
        written = write_batches(batches, hidden, path)
        reader = self._reader(hidden_path, hidden.commit("", replace=True))
        try:
            copy_checked(reader, blob, written, check)
        except DestinationUnavailableError:  # no answer: the retry deletes it
            raise
        except BaseException:
            self._clean(reader, path, CLEAN_SECONDS)
            raise
        self._clean(reader, path)
        return written

    def _clean(
        self, reader: "_Reader", path: str, seconds: float | None = None
    ) -> None:
        """Delete a partial file, and those of killed loads into the same file."""
        filesystem = self.filesystem
        container, _, start = partial_start(path).partition("/")
        client = filesystem.service_client.get_container_client(container)

        async def delete_stale(**options: Any) -> None:
            async for found in client.list_blobs(name_starts_with=start, **options):
                if is_stale(found.name, start, found.last_modified):
                    await client.delete_blob(found.name, **options)

        remote = _Remote(client, filesystem.loop, path)
        with contextlib.suppress(errors.AzureError, DestinationUnavailableError):
            reader.delete(seconds)
            remote.call(delete_stale, seconds=seconds)

    def _blob(self, path: str, *, validate: bool) -> "_Blob":
        return _Blob(self._remote(path), validate=validate)

    def _reader(self, path: str, version: str | None = None) -> "_Reader":
        return _Reader(self._remote(path), path, version)

    def _remote(self, path: str) -> "_Remote":
        filesystem = self.filesystem
        container, _, name = path.partition("/")
        if not container or not name:
            raise DestinationRejectedError(
                "The path names no file in a container.",
                path,
                "write it as <container>/<folders>/<file>.parquet.",
            )
        client = filesystem.service_client.get_blob_client(container, name)
        return _Remote(client, filesystem.loop, f"{path}, {self.place}")

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Translate Azure's errors."""
        where = f"{path}, {self.place}"
        try:
            yield
        except errors.ResourceNotFoundError as err:
            raise DestinationRejectedError(
                f"The storage account has no such container ({_code(err)}).",
                where,
                "check the path's first part, or create the container.",
            ) from err
        except errors.ResourceModifiedError as err:
            raise _overtaken(where) from err
        except (errors.ServiceRequestError, errors.ServiceResponseError) as err:
            if reason := reason_for_distrust(err):
                raise FatalError(
                    f"The storage account's certificate isn't trusted: {reason}.",
                    where,
                    "name its authority's file in the variable SSL_CERT_FILE.",
                ) from err
            raise DestinationUnavailableError(
                f"No connection to the storage account: {err}.",
                where,
                "check the account's name, and that it can be reached from here.",
            ) from err
        except errors.AzureError as err:
            error = _by_status(err, where)
            # Azure's answer to a refusal may quote a signature.
            refused = isinstance(error, CredentialError)
            raise error from (None if refused else err)


class _Remote:
    """A file of the account: its client, which works on fsspec's event loop."""

    def __init__(self, client: Any, loop: Any, where: str) -> None:
        self.client = client
        self.where = where
        self._loop = loop

    def begin(
        self, method: Any, *arguments: Any, **options: Any
    ) -> futures.Future[Any]:
        """Call a coroutine of the client, and return at once."""
        coroutine = method(*arguments, **REQUEST, **options)
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def call(
        self, method: Any, *arguments: Any, seconds: float | None = None, **options: Any
    ) -> Any:
        """Call a coroutine of the client, and return its result."""
        request = self.begin(method, *arguments, **options)
        return answer_of(request, self.where, seconds)


class _Blob(BlockWriter):
    """A file to write, which stays hidden until its blocks are committed."""

    block_bytes = BLOCK_BYTES

    def __init__(self, remote: _Remote, *, validate: bool) -> None:
        super().__init__(remote.where)
        self._remote = remote
        self._client = remote.client
        self._validate = validate
        # Block ids of one blob must be of one length; other uploads have other prefixes.
        self._prefix = uuid.uuid4().hex
        self._block_ids: list[str] = []

    def load_id(self) -> str | None:
        """Return which load wrote the file, "" if unknown, None if there is no file."""
        try:
            properties = self._remote.call(self._client.get_blob_properties)
        except errors.ResourceNotFoundError as err:
            if _code(err) == "ContainerNotFound":
                raise
            return None
        load_id: str = (properties.metadata or {}).get(LOAD_ID, "")
        return load_id

    def commit(self, load_id: str, *, replace: bool) -> str:
        """Make the complete file visible in one step, and return its version.

        Raises:
            ResourceExistsError: There is a file, and `replace` is False.
        """
        if self.rest:
            self.send(bytes(self.rest))
            self.rest.clear()
        self.wait()
        if self._validate:
            self._check_blocks()
        condition = (
            {} if replace else {"match_condition": azure.MatchConditions.IfMissing}
        )
        done = self._remote.call(
            self._client.commit_block_list,
            self._block_ids,
            metadata={LOAD_ID: load_id},
            validate_content=self._validate,
            **condition,
        )
        return str(done["etag"])

    def start(self, block: bytes) -> futures.Future[Any]:
        block_id = f"{self._prefix}-{len(self._block_ids):05}"
        self._block_ids.append(block_id)
        return self._remote.begin(
            self._client.stage_block,
            block_id,
            block,
            validate_content=self._validate,  # by its MD5
        )

    def _check_blocks(self) -> None:
        """Raise unless the service has every block, in its full length."""
        _, found = self._remote.call(self._client.get_block_list, "uncommitted")
        sizes = {block.id: block.size for block in found}
        arrived = sum(sizes.get(block_id, 0) for block_id in self._block_ids)
        if arrived != self.tell():
            raise VerificationError(
                f"Of {self.tell()} bytes that were sent, {arrived} arrived.",
                self._client.blob_name,
                "run it again.",
            )


class _Reader(BlockReader):
    """One version of a file, to read in any order."""

    block_bytes = BLOCK_BYTES

    def __init__(self, remote: _Remote, path: str, version: str | None = None) -> None:
        self._remote = remote
        self._client = remote.client
        condition = _unchanged(version) if version else {}
        try:
            properties = remote.call(self._client.get_blob_properties, **condition)
        except errors.ResourceNotFoundError as err:
            raise VerificationError(
                "There is no such file.", path, "load it again."
            ) from err
        super().__init__(properties.size)
        self._unchanged = _unchanged(properties.etag)

    def delete(self, seconds: float | None) -> None:
        """Delete the file if it is still this version."""
        self._remote.call(self._client.delete_blob, seconds=seconds, **self._unchanged)

    def download(self, offset: int, length: int) -> bytes:
        async def download(**options: Any) -> bytes:
            stream = await self._client.download_blob(offset, length, **options)
            data: bytes = await stream.readall()
            return data

        return bytes(self._remote.call(download, **self._unchanged))


def _unchanged(version: str) -> dict[str, Any]:
    """Return a request's condition that the file is still this version."""
    return {"etag": version, "match_condition": azure.MatchConditions.IfNotModified}


def _code(error: Any) -> str:
    """Return Azure's short name of an error."""
    code = getattr(error, "error_code", None) or getattr(error, "reason", None)
    return str(getattr(code, "value", code) or type(error).__name__)


def _overtaken(where: str) -> DestinationUnavailableError:
    return DestinationUnavailableError(
        "Another load wrote the file at the same time.",
        where,
        "let only one load write a file.",
    )


def _by_status(error: Any, where: str) -> ConnectorError:
    """Return a retriable error if the service may recover, else a fatal one."""
    status = getattr(error, "status_code", None) or SERVER_ERROR_STATUS
    code = _code(error)
    refused = isinstance(error, errors.ClientAuthenticationError)
    if refused or status in REFUSED_STATUSES:
        return CredentialError(
            f"The storage account refused the credentials ({code}).",
            where,
            "check the key, the token's end and the identity's roles.",
        )
    if code == "InvalidBlockList":  # another load's commit discarded our blocks
        return _overtaken(where)
    said = f"The storage account said: {code}."
    if status >= SERVER_ERROR_STATUS or status == BUSY_STATUS:
        return DestinationUnavailableError(said, where, "try again later.")
    return DestinationRejectedError(
        said, where, "look this code up in Azure's list of Blob Storage's error codes."
    )
