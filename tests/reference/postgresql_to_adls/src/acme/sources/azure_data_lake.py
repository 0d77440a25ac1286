"""Write to Azure Data Lake Storage (gen2)."""

import asyncio
import binascii
from collections.abc import Iterable, Iterator
from concurrent import futures
import contextlib
from hashlib import sha256
import io
import os
from typing import Any
import uuid

from fsspec.asyn import sync
import pyarrow as pa
from pydantic import SecretStr, model_validator

from acme.certificates import (
    reason_for_distrust,
)
from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationExistsError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
    VerificationError,
)
from acme.formats import (
    Written,
    check_suffix,
    read_batches,
    write_batches,
)
from acme.sources.base import (
    CONNECT_SECONDS,
    Check,
    Credentials,
    FileDestination,
    is_stale,
    partial_path,
    partial_start,
)

with contextlib.suppress(ImportError):
    from adlfs import AzureBlobFileSystem
    from azure.core import MatchConditions
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        ResourceExistsError,
        ResourceModifiedError,
        ResourceNotFoundError,
        ServiceRequestError,
        ServiceResponseError,
    )


BLOCK_BYTES = 8 * 1024 * 1024  # times 50,000, the most blocks of a blob: 390 GiB
REFUSED_STATUSES = (401, 403)
BUSY_STATUS = 429
SERVER_ERROR_STATUS = 500

# Passed with every request. A refused connection is not tried again here: the task is.
REQUEST: dict[str, Any] = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": 60,
    "retry_connect": 0,
    "retry_total": 2,
}
LOAD_ID = "load_id"  # the name of the metadata that says which load wrote a file


class AzureDataLakeCredentials(Credentials):
    """How to reach a storage account.

    Either a connection string, or an account's name with one of: a key, a SAS token, a
    service principal (tenant_id, client_id, client_secret), or nothing, which means the
    identity of the machine or of the developer who is logged in.
    """

    account_name: str | None = None
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
    file is sent as uncommitted blocks and appears by one commit of their list, so a
    failed or killed load leaves what was there before.
    """

    credentials_model = AzureDataLakeCredentials
    credentials: AzureDataLakeCredentials
    requires = ("adlfs", "adls")

    @property
    def filesystem(self) -> "AzureBlobFileSystem":
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
                    f"The variable {variable} is set beside other credentials.",
                    self.place,
                    "unset it, or put its value where the other credentials are.",
                )
        storage_options = {
            key: value.get_secret_value() if isinstance(value, SecretStr) else value
            for key, value in fields.items()
        }
        try:
            return AzureBlobFileSystem(**storage_options, skip_instance_cache=True)
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
        """Write batches into one file, which appears whole at `path` or not at all.

        As `FileDestination.from_batches`. With `check` the file is first written beside its
        place, under a name of the load's own that begins with `_` and ends in
        `.partial`, and copied once it is found right. A killed load leaves it there;
        its retry deletes it, or such a load into the same path a day later. Memory: a
        batch, and two blocks of 8 MiB.

        Raises:
            CredentialError: The account refused the credentials.
            DestinationExistsError: There is a file, and `overwrite` is False.
            DestinationRejectedError: There is no such container.
            DestinationUnavailableError: No connection; a retry may help.
            UnsupportedFormatError: No format has the path's suffix.
            VerificationError: What arrived isn't what was sent.
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
            except ResourceExistsError as err:
                # Somebody was faster; or it was we, and the answer got lost.
                if blob.load_id() != load_id:
                    raise DestinationExistsError.at(path) from err
        return written

    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file, in blocks of 8 MiB.

        As `FileDestination.blocks`. All are of one version of the file.
        """
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
        """Write to a hidden file; where `check` finds it right, copy it to `blob`."""
        hidden_path = partial_path(path, load_id)
        hidden = self._blob(hidden_path, validate=True)
        written = write_batches(batches, hidden, path)
        reader = self._reader(hidden_path, hidden.commit("", replace=True))
        try:
            check(read_batches(reader, path))
            copied = sha256()
            for block in reader.blocks():
                copied.update(block)
                blob.write(block)
            if copied.hexdigest() != written.sha256:
                raise VerificationError(
                    "The file that was read back isn't the one that was sent.",
                    f"{path}, {self.place}",
                    "run it again.",
                )
        finally:
            with contextlib.suppress(AzureError):
                reader.delete()
                self._delete_stale(path)
        return written

    def _delete_stale(self, path: str) -> None:
        """Delete what killed loads into a file have left beside it."""
        filesystem = self.filesystem
        container, start, _ = filesystem.split_path(partial_start(path))
        client = filesystem.service_client.get_container_client(container)

        async def delete_stale() -> None:
            async for found in client.list_blobs(name_starts_with=start, **REQUEST):
                if is_stale(found.name, start, found.last_modified):
                    await client.delete_blob(found.name, **REQUEST)

        sync(filesystem.loop, delete_stale)

    def _blob(self, path: str, *, validate: bool) -> "_Blob":
        return _Blob(*self._client(path), validate=validate)

    def _reader(self, path: str, version: str | None = None) -> "_Reader":
        return _Reader(*self._client(path), path, version)

    def _client(self, path: str) -> tuple[Any, Any]:
        """Return a client for a file, and the event loop that it runs on."""
        filesystem = self.filesystem
        container, name, _ = filesystem.split_path(path)
        if not container or not name:
            raise DestinationRejectedError(
                "The path names no file in a container.",
                path,
                "write it as <container>/<folders>/<file>.parquet.",
            )
        client = filesystem.service_client.get_blob_client(container, name)
        return client, filesystem.loop

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Turn Azure's errors into ours."""
        try:
            yield
        except ResourceNotFoundError as err:
            raise DestinationRejectedError(
                f"The storage account has no such container ({_code(err)}).",
                f"{path}, {self.place}",
                "check the path's first part, or create the container.",
            ) from err
        except ResourceModifiedError as err:
            raise DestinationUnavailableError(
                "Another load wrote the file at the same time.",
                f"{path}, {self.place}",
                "let only one load write a file.",
            ) from err
        except (ServiceRequestError, ServiceResponseError) as err:
            if reason := reason_for_distrust(err):
                raise FatalError(
                    f"The storage account's certificate isn't trusted: {reason}.",
                    f"{path}, {self.place}",
                    "name its authority's file in the variable SSL_CERT_FILE.",
                ) from err
            raise DestinationUnavailableError(
                f"No connection to the storage account: {err}.",
                f"{path}, {self.place}",
                "check the account's name, and that it can be reached from here.",
            ) from err
        except AzureError as err:
            error = _by_status(err, f"{path}, {self.place}")
            # Not from a refusal: Azure's answer to one may quote a signature.
            refused = isinstance(error, CredentialError)
            raise error from (None if refused else err)


class _Remote(io.RawIOBase):
    """A file of the account, by its client, which works on fsspec's event loop."""

    def __init__(self, client: Any, loop: Any) -> None:
        super().__init__()
        self._client = client
        self._loop = loop
        self._position = 0

    def tell(self) -> int:
        return self._position

    def _call(self, method: Any, *arguments: Any, **options: Any) -> Any:
        """Call a coroutine of the client, and wait for it."""
        return sync(self._loop, method, *arguments, **REQUEST, **options)


class _Blob(_Remote):
    """A file to write to, of which nothing can be seen until it is committed.

    A block is on its way while the next is made.
    """

    def __init__(self, client: Any, loop: Any, *, validate: bool) -> None:
        super().__init__(client, loop)
        self._validate = validate
        # Block ids of one blob must be of one length; other uploads have other prefixes.
        self._prefix = uuid.uuid4().hex
        self._block_ids: list[str] = []
        self._buffer = bytearray()
        self._on_its_way: futures.Future[Any] | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._buffer += view
        self._position += view.nbytes
        while len(self._buffer) >= BLOCK_BYTES:
            self._stage(bytes(self._buffer[:BLOCK_BYTES]))
            del self._buffer[:BLOCK_BYTES]
        return view.nbytes

    def load_id(self) -> str | None:
        """Return which load wrote the file, "" if unknown, None where there is none."""
        try:
            properties = self._call(self._client.get_blob_properties)
        except ResourceNotFoundError as err:
            if _code(err) == "ContainerNotFound":
                raise
            return None
        load_id: str = (properties.metadata or {}).get(LOAD_ID, "")
        return load_id

    def commit(self, load_id: str, *, replace: bool) -> str:
        """Make the file visible, whole, in one step, and return its version.

        Raises:
            ResourceExistsError: There is a file, and `replace` is False.
        """
        if self._buffer:
            self._stage(bytes(self._buffer))
            self._buffer.clear()
        self._wait()
        if self._validate:
            self._check_blocks()
        condition = {} if replace else {"match_condition": MatchConditions.IfMissing}
        done = self._call(
            self._client.commit_block_list,
            self._block_ids,
            metadata={LOAD_ID: load_id},
            validate_content=self._validate,
            **condition,
        )
        return str(done["etag"])

    def _stage(self, block: bytes) -> None:
        block_id = f"{self._prefix}-{len(self._block_ids):05}"
        self._block_ids.append(block_id)
        self._wait()
        staging = self._client.stage_block(
            block_id,
            block,
            validate_content=self._validate,  # by its MD5
            **REQUEST,
        )
        self._on_its_way = asyncio.run_coroutine_threadsafe(staging, self._loop)

    def _wait(self) -> None:
        """Wait for the block that is on its way, and raise what went wrong with it."""
        staging, self._on_its_way = self._on_its_way, None
        if staging:
            # In short steps, so that an interrupt comes through.
            while not futures.wait([staging], timeout=1).done:
                pass
            staging.result()

    def _check_blocks(self) -> None:
        """Make sure that the service has each block, and of each as much as was sent."""
        _, found = self._call(self._client.get_block_list, "uncommitted")
        sizes = {block.id: block.size for block in found}
        arrived = sum(sizes.get(block_id, 0) for block_id in self._block_ids)
        if arrived != self._position:
            raise VerificationError(
                f"Of {self._position} bytes that were sent, {arrived} arrived.",
                self._client.blob_name,
                "run it again.",
            )


class _Reader(_Remote):
    """One version of a file, to read from here and there."""

    def __init__(
        self, client: Any, loop: Any, path: str, version: str | None = None
    ) -> None:
        super().__init__(client, loop)
        self._version = _is_still(version) if version else {}
        try:
            properties = self._call(client.get_blob_properties, **self._version)
        except ResourceNotFoundError as err:
            raise VerificationError(
                "There is no such file.", path, "load it again."
            ) from err
        self._size: int = properties.size
        self._version = _is_still(properties.etag)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = start[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self._download(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def blocks(self) -> Iterator[bytes]:
        """Yield all bytes, in blocks."""
        for offset in range(0, self._size, BLOCK_BYTES):
            yield self._download(offset, BLOCK_BYTES)

    def delete(self) -> None:
        """Delete the file, if it is still of this version."""
        self._call(self._client.delete_blob, **self._version)

    def _download(self, offset: int, length: int) -> bytes:
        length = min(length, self._size - offset)
        if length <= 0:
            return b""

        async def download(**options: Any) -> bytes:
            stream = await self._client.download_blob(offset, length, **options)
            data: bytes = await stream.readall()
            return data

        return bytes(self._call(download, **self._version))


def _is_still(version: str) -> dict[str, Any]:
    """Return the condition of a request that a file is of a version."""
    return {"etag": version, "match_condition": MatchConditions.IfNotModified}


def _code(error: "AzureError") -> str:
    """Return Azure's short name of an error."""
    code = getattr(error, "error_code", None) or getattr(error, "reason", None)
    return str(getattr(code, "value", code) or type(error).__name__)


def _by_status(error: "AzureError", where: str) -> ConnectorError:
    """Return a retriable error for what the service may overcome, else a fatal one."""
    status = getattr(error, "status_code", None) or SERVER_ERROR_STATUS
    code = _code(error)
    if isinstance(error, ClientAuthenticationError) or status in REFUSED_STATUSES:
        return CredentialError(
            f"The storage account refused the credentials ({code}).",
            where,
            "check the key, the token's end and the identity's roles.",
        )
    if code == "InvalidBlockList":  # a commit throws away the blocks of all others
        return DestinationUnavailableError(
            "Another load wrote the file at the same time.",
            where,
            "let only one load write a file.",
        )
    said = f"The storage account said: {code}."
    if status >= SERVER_ERROR_STATUS or status == BUSY_STATUS:
        return DestinationUnavailableError(said, where, "try again later.")
    return DestinationRejectedError(
        said, where, "look this code up in Azure's list of Blob Storage's error codes."
    )
