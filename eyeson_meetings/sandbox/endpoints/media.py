"""Downloads of recordings, snapshots and files, as an S3-like storage serves them."""

import asyncio
import re
from collections.abc import Iterator
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from eyeson_meetings.sandbox.faults import Fault
from eyeson_meetings.sandbox.media import MediaFile, RecordingFile, SnapshotFile, UploadedFile
from eyeson_meetings.sandbox.service import Service, service_of

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_HTML = "<!doctype html><title>Maintenance</title><p>We will be back soon."


async def download(request: Request) -> Response:
    """Serve the file of a signed link, whole or in part."""
    service = service_of(request)
    if "authorization" in request.headers:
        # The storage takes one kind of credential only (API reference 1.2).
        return _refuse(400, "InvalidArgument", "Only one auth mechanism allowed")
    fault = service.faults.take(request.method, request.scope["sandbox_route"], download=True)
    kind = fault.kind if fault else ""
    if kind == "html":
        return Response(_HTML, media_type="text/html")
    refusal = service.links.refusal(request.url.path, dict(request.query_params))
    if refusal or kind == "expired":
        return _refuse(403, "AccessDenied", refusal or "Request has expired")
    file = _find(service, request.path_params["conference_id"], request.path_params["name"])
    if file is None:
        return _refuse(404, "NoSuchKey", "The specified key does not exist.")
    return _answer(request, file, fault)


def _answer(request: Request, file: MediaFile, fault: Fault | None) -> Response:
    kind = fault.kind if fault else ""
    etag = file.etag if kind != "other_etag" else f'"{file.etag.strip(chr(34))[::-1]}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": file.content_type}
    if isinstance(file, UploadedFile):
        # Somebody's HTML must not run where the sandbox's own pages live.
        headers |= {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    wanted: tuple[int, int] | None = (0, file.length)
    status = 200
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range", etag) == etag and kind != "ignore_range":
        wanted, status = _range(asked, file.length)
    if wanted is None:
        refusal = _refuse(416, "InvalidRange", "The requested range is not satisfiable")
        refusal.headers["Content-Range"] = f"bytes */{file.length}"
        return refusal
    start, end = wanted
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.length}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return _FileResponse(file.read(start, end), status, headers, fault)


def _range(asked: str, length: int) -> tuple[tuple[int, int] | None, int]:
    """Start, end and status. None when it cannot be satisfied; several ranges are ignored."""
    match = _RANGE.fullmatch(asked.strip())
    if not match or not any(match.groups()):
        return (0, length), 200
    first, last = match.groups()
    if not first:
        start, end = max(0, length - int(last)), length
    else:
        start, end = int(first), min(length, int(last) + 1) if last else length
    return ((start, end), 206) if start < end else (None, 416)


def _find(service: Service, meeting_id: str, name: str) -> MediaFile | None:
    stem = name.rpartition(".")[0]
    with service.state.locked():
        recording = service.state.recordings.get(stem)
        if recording and recording.finished:
            return RecordingFile(recording)
        if stem in service.state.snapshots:
            return SnapshotFile(stem)
        return service.files.stored(meeting_id, stem)


def _refuse(status: int, code: str, message: str) -> Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(text, status_code=status, media_type="application/xml")


class _FileResponse(Response):
    """Sends block by block, and stops early or dawdles when a fault says so."""

    def __init__(
        self, blocks: Iterator[bytes], status: int, headers: dict[str, str], fault: Fault | None
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self.headers["content-length"] = headers["Content-Length"]
        self._blocks = blocks
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        sent = 0
        for block in self._cut():
            await send({"type": "http.response.body", "body": block, "more_body": True})
            sent += len(block)
            if self._fault and self._fault.kind == "slow":
                await asyncio.sleep(len(block) / self._fault.bytes_per_second)
        if sent == int(self.headers["content-length"]):
            await send({"type": "http.response.body", "body": b""})
        # Otherwise less came than was promised: uvicorn cuts the connection.

    def _cut(self) -> Iterator[bytes]:
        kind = self._fault.kind if self._fault else ""
        if self._fault and kind == "truncated":
            left = self._fault.after_bytes
            for block in self._blocks:
                yield block[:left]
                left -= len(block)
                if left <= 0:
                    return
        elif self._fault and kind == "slow":
            step = max(1, self._fault.bytes_per_second // 10)
            for block in self._blocks:
                for offset in range(0, len(block), step):
                    yield block[offset : offset + step]
        else:
            yield from self._blocks


ROUTES = [Route("/_media/meetings/{conference_id}/{name}", download, methods=["GET"])]
