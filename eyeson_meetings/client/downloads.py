"""Fetch the file behind a link: without credentials, resumably, and no further than the rules allow.

Every download has a session of its own. Bytes are taken as they come: a compressed body is refused, not
unpacked.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from eyeson_meetings.exceptions import (
    ContentChangedError,
    ContentRefusedError,
    DownloadError,
    DownloadInterruptedError,
    LinkExpiredError,
    LinkRefusedError,
)

from .links import LinkRules, check_link, is_allowed_peer, joined_link
from .quiet_logs import paths_hidden
from .secrets import Secret
from .sessions import BareSession

__all__ = [
    "Download",
    "LinkRules",
    "SlowestPace",
    "check_link",
    "open_download",
    "sniff_content_type",
]

REDIRECTS_ALLOWED = 3
#: The first chunk of a file is at least so long, unless the file is shorter: enough to tell what it is.
FIRST_CHUNK_BYTES = 4096
#: What has come is handed on after this time, even if it is no full chunk (seconds).
LONGEST_HOLD_SECONDS = 1.0

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowestPace:
    """A download that brings less than `bytes` in `seconds` of waiting is given up."""

    bytes: int = 64 * 1024
    seconds: float = 60.0


class Download:
    """An open download.

    `offset` is where its first byte belongs, `total` the length of the whole file if the server says it.
    `verifiable` is False when nobody can know whether the end of the connection is the end of the file.
    """

    def __init__(
        self,
        response: requests.Response,
        *,
        offset: int,
        total: int | None,
        etag: str | None,
        slowest: SlowestPace,
    ) -> None:
        self._response = response
        self._slowest = slowest
        self.offset = offset
        self.total = total
        self.etag = etag
        self.verifiable = total is not None or bool(response.raw.chunked)

    def chunks(self, most: int) -> Iterator[bytes]:
        """The body, in pieces of at most `most` bytes.

        Raises DownloadInterruptedError when it ends early, stops or drips. What came before is handed on
        first, except for a beginning too short to tell what it is.
        """
        held, since = bytearray(), time.monotonic()
        least = FIRST_CHUNK_BYTES if self.offset == 0 else 1
        problem = ""
        try:
            for piece in self._pieces(most):
                held += piece
                is_old = time.monotonic() - since > LONGEST_HOLD_SECONDS
                if len(held) >= most or (is_old and len(held) >= least):
                    yield bytes(held[:most])
                    del held[:most]
                    least, since = 1, time.monotonic()
        except _StoppedError as error:
            problem = str(error)
        if held and (not problem or len(held) >= least):
            yield bytes(held)
        if problem:
            raise DownloadInterruptedError(problem)

    def _pieces(self, most: int) -> Iterator[bytes]:
        """Whatever arrives, as it arrives: a read of its own for every piece, so that none waits."""
        waited, arrived = 0.0, 0
        while True:
            began = time.monotonic()
            piece = self._next_piece(most)
            waited, arrived = waited + time.monotonic() - began, arrived + len(piece)
            if not piece:
                return
            yield piece
            if waited >= self._slowest.seconds:
                if arrived < self._slowest.bytes:
                    raise _StoppedError("The download had become too slow.")
                waited, arrived = 0.0, 0

    def _next_piece(self, most: int) -> bytes:
        try:
            piece: bytes = self._response.raw.read1(most, decode_content=False)
        except (HTTPError, HTTPException, OSError, ValueError):
            piece = b""
        else:
            return piece
        raise _StoppedError("The connection broke before the end of the file.")


@contextmanager
def open_download(
    link: Secret,
    *,
    offset: int,
    etag: str | None,
    rules: LinkRules,
    timeouts_seconds: tuple[float, float] = (5.0, 30.0),
    slowest: SlowestPace = SlowestPace(),
) -> Iterator[Download]:
    """Open the file at `link`, from `offset` on if `etag` still names the same bytes, else from its start.

    Raises LinkRefusedError (nothing was sent), LinkExpiredError, ContentChangedError,
    ContentRefusedError, DownloadInterruptedError.
    """
    session = BareSession(_PeerCheckingAdapter(sandbox=rules.sandbox), accept="*/*")
    try:
        headers = _range_headers(offset, etag)
        response = _follow(session, link, headers, rules, timeouts_seconds)
        try:
            first, total = _place_of(response, asked_for=offset if "Range" in headers else 0)
            tag = response.headers.get("ETag")
            if first and tag is not None and tag != etag:
                raise ContentChangedError("The server continued another file.")
            yield Download(
                response,
                offset=first,
                total=total,
                etag=tag or (etag if first else None),
                slowest=slowest,
            )
        finally:
            response.close()
    finally:
        session.close()


def sniff_content_type(head: bytes) -> str | None:
    """What the first bytes of a file say it is: WebM, MP4, JPEG or PNG; None for all else."""
    if head.startswith(b"\x1aE\xdf\xa3") and b"\x42\x82\x84webm" in head[:64]:
        return "video/webm"
    # HEIC and AVIF pictures are boxed like MP4.
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"heix", b"mif1"):
        return "video/mp4"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return None


class _StoppedError(Exception):
    """No more bytes will come, though more should."""


class _PeerCheckingAdapter(HTTPAdapter):
    """Looks at the address of every connection it makes, before a byte is sent over it.

    The check of the name came earlier; what the name resolves to is known for certain only here.
    """

    def __init__(self, *, sandbox: bool) -> None:
        self._sandbox = sandbox
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool manager, with our connections in its pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(sandbox=self._sandbox)


def _pools(*, sandbox: bool) -> dict[str, type[HTTPConnectionPool]]:
    class Connection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(super()._new_conn(), sandbox=sandbox)

    class SecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(super()._new_conn(), sandbox=sandbox)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _checked(connected: socket.socket, *, sandbox: bool) -> socket.socket:
    if not is_allowed_peer(connected.getpeername()[0], sandbox=sandbox):
        connected.close()
        raise LinkRefusedError("The link leads to an address that is not public.")
    return connected


def _range_headers(offset: int, etag: str | None) -> dict[str, str]:
    """Ask for the rest only where the server can vouch that it is the rest of the same file."""
    if offset > 0 and etag and _STRONG_ETAG.fullmatch(etag):
        return {"Range": f"bytes={offset}-", "If-Range": etag}
    return {}


def _follow(
    session: BareSession,
    link: Secret,
    headers: dict[str, str],
    rules: LinkRules,
    timeouts_seconds: tuple[float, float],
) -> requests.Response:
    """The answer at the end of the link's redirects, each checked like the link itself."""
    for _ in range(REDIRECTS_ALLOWED + 1):
        link = check_link(link, rules)
        response = _request(session, link, headers, rules, timeouts_seconds)
        if isinstance(response, DownloadError):
            raise response
        if not response.is_redirect:
            return response
        link = joined_link(link, response.headers["Location"])
        response.close()
    raise LinkRefusedError("The link redirects too often.")


def _request(
    session: BareSession,
    link: Secret,
    headers: dict[str, str],
    rules: LinkRules,
    timeouts_seconds: tuple[float, float],
) -> requests.Response | DownloadError:
    """One request. Returns what went wrong instead of raising it: tracebacks show the link."""
    try:
        with paths_hidden("(link)"):
            return session.get(
                link.reveal(),
                headers=headers,
                timeout=timeouts_seconds,
                allow_redirects=False,
                stream=True,
                verify=rules.ca_file or True,
            )
    except LinkRefusedError as error:
        return LinkRefusedError(str(error))
    except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError):
        return DownloadInterruptedError("The server of the file did not answer.")


def _place_of(response: requests.Response, *, asked_for: int) -> tuple[int, int | None]:
    """Where the body begins, and how long the whole file is. Raises DownloadError for any refusal."""
    status = response.status_code
    if status in (400, 401, 403, 404, 410):
        raise LinkExpiredError("The link does not work, or no longer.")
    if status in (408, 425, 429) or status >= 500:
        raise DownloadInterruptedError(f"The server of the file answered {status}.")
    if status == 416 and "Content-Range" in response.headers:
        raise ContentChangedError("The file has another length than before.")
    if status == 416:
        # Without the length of the file it says nothing of the file: error pages get this status, too.
        raise DownloadInterruptedError("The server of the file did not send the rest of it.")
    if status not in (200, 206) or (status == 206 and not asked_for):
        raise ContentRefusedError(f"The server of the file answered {status}.")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ContentRefusedError("The server sends the file compressed.")
    if status == 200:
        return 0, response.raw.length_remaining
    return asked_for, _total_in(response.headers, asked_for)


def _total_in(headers: Mapping[str, str], start: int) -> int | None:
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != start or int(match[2]) < start:
        raise ContentChangedError("The server sent another part of the file.")
    return None if match[3] == "*" else int(match[3])
