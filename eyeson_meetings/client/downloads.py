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
from functools import partial
from http.client import HTTPException

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from eyeson_meetings.exceptions import (
    ContentChangedError,
    ContentRefusedError,
    DownloadError,
    DownloadInterruptedError,
    DownloadTooSlowError,
    LinkExpiredError,
    LinkRefusedError,
)

from .deadlines import ReadDeadline, TimedAdapter
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
_DIGITS = re.compile(r"[0-9]{1,18}")
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowestPace:
    """A download is given up when its next `bytes`, or its end, take more than `seconds` of waiting."""

    bytes: int = 64 * 1024
    seconds: float = 60.0


class Download:
    """An open download.

    `offset` is where its first byte belongs, `total` the length of the whole file if the server says it.
    `verifiable` is False when the end of the connection may or may not be the end of the file.
    `content_type` is what the server says, in lower case, without parameters; empty if it says nothing.
    """

    def __init__(
        self,
        response: requests.Response,
        *,
        offset: int,
        total: int | None,
        etag: str | None,
        slowest: SlowestPace,
        deadline: ReadDeadline,
    ) -> None:
        self._response = response
        self._slowest = slowest
        self._deadline = deadline
        self.offset = offset
        self.etag = etag
        encoding = _transfer_encoding(response)
        # With an encoding that is not understood, nothing is known of the length of what was encoded.
        self.total = total if encoding in ("", "chunked") else None
        self.verifiable = self.total is not None or encoding == "chunked"
        self.content_type = _media_type(response)

    def chunks(self, most: int) -> Iterator[bytes]:
        """The body, in pieces of at most `most` bytes.

        Raises DownloadInterruptedError when it ends early or stops, DownloadTooSlowError when it comes too slowly.
        What came before is handed on first, except for a beginning too short to tell what it is.
        """
        held, since = bytearray(), time.monotonic()
        least = FIRST_CHUNK_BYTES if self.offset == 0 else 1
        problem: DownloadInterruptedError | None = None
        try:
            for piece in self._pieces(most):
                held += piece
                is_old = time.monotonic() - since > LONGEST_HOLD_SECONDS
                if len(held) >= most or (is_old and len(held) >= least):
                    yield bytes(held[:most])
                    del held[:most]
                    least, since = 1, time.monotonic()
        except DownloadInterruptedError as error:
            problem = error
        if held and (problem is None or len(held) >= least):
            yield bytes(held)
        if problem is not None:
            raise problem

    def _pieces(self, most: int) -> Iterator[bytes]:
        """Whatever arrives, as it arrives. The time between two pieces does not count: it is the caller's."""
        left, arrived = self._slowest.seconds, 0
        while left > 0:
            began = time.monotonic()
            self._deadline.restart(left)
            piece = self._next_piece(most)
            left, arrived = left - (time.monotonic() - began), arrived + len(piece)
            if not piece:
                return
            yield piece
            if arrived >= self._slowest.bytes:
                left, arrived = self._slowest.seconds, 0
        raise _too_slow()

    def _next_piece(self, most: int) -> bytes:
        error: DownloadInterruptedError
        try:
            piece: bytes = self._response.raw.read1(most, decode_content=False)
        except (ReadTimeoutError, TimeoutError):
            error = _too_slow()
        except (HTTPError, HTTPException, OSError, ValueError):
            error = DownloadInterruptedError("The connection broke before the end of the file.")
        else:
            return piece
        raise error


def _too_slow() -> DownloadTooSlowError:
    return DownloadTooSlowError("The download had become too slow.")


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

    `timeouts_seconds`: to connect; and for the headers to be complete, which is also the longest wait for a next byte.
    Raises LinkRefusedError (nothing was sent), LinkExpiredError, ContentChangedError,
    ContentRefusedError, DownloadInterruptedError, DownloadTooSlowError.
    """
    adapter = TimedAdapter(check_peer=partial(_check_peer, sandbox=rules.sandbox))
    session = BareSession(adapter, accept="*/*")
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
                deadline=adapter.deadline,
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


def _check_peer(connected: socket.socket, *, sandbox: bool) -> None:
    """Raise LinkRefusedError for an address that is not public.

    The check of the name came earlier; what the name resolves to is known for certain only here.
    """
    if not is_allowed_peer(connected.getpeername()[0], sandbox=sandbox):
        raise LinkRefusedError("The link leads to an address that is not public.")


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
    except requests.ReadTimeout:
        return DownloadTooSlowError("The server of the file answered too slowly.")
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
        return 0, _length(response)
    return asked_for, _total_in(response.headers, asked_for)


def _length(response: requests.Response) -> int | None:
    """Return the length that the server says; None if it says none, or not as one number of digits alone."""
    match = _DIGITS.fullmatch(", ".join(response.raw.headers.getlist("Content-Length")))
    return int(match[0]) if match else None


def _transfer_encoding(response: requests.Response) -> str:
    """Return what the server says, in lower case; empty if it says nothing."""
    return ", ".join(response.raw.headers.getlist("Transfer-Encoding")).lower()


def _media_type(response: requests.Response) -> str:
    said: str = response.headers.get("Content-Type", "")
    return said.partition(";")[0].strip().lower()


def _total_in(headers: Mapping[str, str], start: int) -> int | None:
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != start or int(match[2]) < start:
        raise ContentChangedError("The server sent another part of the file.")
    return None if match[3] == "*" else int(match[3])
