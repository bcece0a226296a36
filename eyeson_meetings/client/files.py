"""Documents in a meeting, shown page by page (API reference 15)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import IO, Any

from .calls import Call, Credential, secret
from .reading import UnreadableRecordError, object_in
from .records import Answer, File
from .secrets import Secret
from .transport import Transport
from .uploads import Upload


class Files:
    """Put files into a meeting and find them. Every method raises EyesonError.

    eyeson's documents have not named these endpoints since 2019: they may be gone. Files live as long as
    the meeting.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, access_key: Secret | str) -> Answer[builtins.list[File]]:
        """All files of the meeting (15.1). Raises NotFoundError, MeetingEndedError."""
        return self._transport.ask_list(_all("GET", access_key), File.from_json, entries=_entries)

    def upload(
        self,
        *,
        access_key: Secret | str,
        file: IO[bytes],
        name: str,
        content_type: str | None = None,
    ) -> Answer[File]:
        """Put a file into the meeting (15.2): from where it stands to its end, a small piece at a time.

        It must be seekable. eyeson makes pictures of the pages of a PDF; until it has, the answer names
        none. Raises InvalidRequestError (also for a file that cannot be read), NotFoundError,
        MeetingEndedError.
        """
        upload = Upload(file=file, name=name, content_type=content_type)
        return self._transport.ask(_all("POST", access_key, upload), File.from_json)

    def get(self, *, access_key: Secret | str, file_id: str) -> Answer[File]:
        """One file and how far its conversion is (15.3). Raises NotFoundError, MeetingEndedError."""
        return self._transport.ask(_one("GET", access_key, file_id), File.from_json)

    def update(
        self, *, access_key: Secret | str, file_id: str, values: Mapping[str, Any]
    ) -> Answer[None]:
        """Change a file (15.4). Which values there are, and what it answers, no source tells.

        Raises NotFoundError, MeetingEndedError.
        """
        return self._transport.tell(_one("PUT", access_key, file_id, values))

    def delete(self, *, access_key: Secret | str, file_id: str) -> Answer[None]:
        """Take a file out of the meeting (15.5). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(_one("DELETE", access_key, file_id))


def _all(method: str, access_key: Secret | str, upload: Upload | None = None) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/files",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
        upload=upload,
    )


def _one(
    method: str, access_key: Secret | str, file_id: str, form: Mapping[str, Any] | None = None
) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/files/:file_id",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key), "file_id": file_id},
        form=form or {},
    )


def _entries(value: object) -> builtins.list[object]:
    """`{"files": [...]}`, as the documents have it, or the list alone."""
    files = value if isinstance(value, list) else object_in(value).get("files")
    if not isinstance(files, list):
        raise UnreadableRecordError("a list of files was expected")
    return files
