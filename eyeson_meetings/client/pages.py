"""Recognise HTML, XML and JSON: what servers send instead of a file when something is wrong."""

from __future__ import annotations

import codecs
import json
import mimetypes
import re
from pathlib import PurePosixPath

HTML, XML, JSON = "html", "xml", "json"

#: Endings of names that `mimetypes` does not know everywhere.
_KINDS_BY_ENDING = {
    ".xhtml": HTML,
    ".drawio": XML,
    ".gpx": XML,
    ".kml": XML,
    ".plist": XML,
    ".xsl": XML,
    ".xslt": XML,
    ".geojson": JSON,
    ".har": JSON,
    ".ipynb": JSON,
    ".jsonl": JSON,
    ".ndjson": JSON,
}
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_XML_TYPES = ("text/xml", "application/xml")
_JSON_TYPES = ("application/json", "text/json")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: What may stand before the first tag: blanks, the declaration of XML, comments, a style sheet.
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body|title|center|h1)\b", re.IGNORECASE)
_XML_START = re.compile(r"<\?xml\b|<error\b", re.IGNORECASE)
_JSON_START = re.compile(r"""\{\s*["}]|\[\s*(?:["\]]|\{\s*["}])""")


def kind_of_type(media_type: str) -> str | None:
    """Return which of the three a media type names; None for all others."""
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type in _HTML_TYPES:
        return HTML
    if media_type in _XML_TYPES or media_type.endswith("+xml"):
        return XML
    return JSON if media_type in _JSON_TYPES or media_type.endswith("+json") else None


def kind_of_name(name: str) -> str | None:
    """Return which of the three a file of that name is; None for all others."""
    ending = PurePosixPath(name.lower()).suffix
    return _KINDS_BY_ENDING.get(ending) or kind_of_type(mimetypes.guess_type(f"x{ending}")[0] or "")


def sniff_page(head: bytes, *, is_whole: bool) -> frozenset[str]:
    """Return what the first bytes of a file may be of the three; empty for all other files.

    `is_whole`: the bytes are all of the file.
    """
    text = _text(head).lstrip()
    rest = text[_end_of_prolog(text) :]
    if _HTML_START.match(rest):
        return frozenset({HTML, XML} if text.startswith("<?xml") else {HTML})
    if _XML_START.match(text) or _XML_START.match(rest):
        return frozenset({XML})
    return frozenset({JSON}) if _is_json(text, is_whole=is_whole) else frozenset()


def is_text(head: bytes) -> bool:
    """Return whether the first bytes of a file can be text, and not a document with a format of its own."""
    if head.startswith((b"%PDF", b"{\\rtf")):
        return False
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" not in head


def _end_of_prolog(text: str) -> int:
    match = _PROLOG.match(text)
    return match.end() if match else 0


def _is_json(text: str, *, is_whole: bool) -> bool:
    if not is_whole:
        return _JSON_START.match(text) is not None
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace")
    return head.decode("utf-8", errors="replace")
