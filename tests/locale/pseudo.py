"""A language of brackets: each text that can be translated is itself, in brackets. What has none cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tools import messages

LANGUAGE = "en-xx"
OPEN, CLOSE = "⟦⟧"
INNERMOST = re.compile(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
#: What Django itself shows in English whatever the language.
DJANGOS = {"Search", "True", "False", "403 Forbidden"}
#: Attributes that people read, or have read to them.
READ_OUT = ("alt", "aria-description", "aria-label", "label", "placeholder", "title")


def write_language(folder: Path) -> None:
    """Put the language into a folder for LOCALE_PATHS: our texts, the example site's and Django's."""
    catalog = Catalog(locale="en", charset="utf-8")
    ours = [message for folder in messages.SPEAKERS for message in messages.extracted(folder)]
    for message in [*ours, *_foreign()]:
        if message.id:
            # Days, months and "a.m." have forms of their own; formats of dates are no texts.
            catalog.add(message.id, string=_bracketed(message.id), context=message.context)
    target = folder / "en_XX" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalog)


def untranslated(html: str) -> list[str]:
    """What people read of a page that nobody can translate: its texts without all that is in brackets."""
    left = "\n".join(texts_of(html))
    while INNERMOST.search(left):
        left = INNERMOST.sub("", left)
    return [line.strip() for line in left.splitlines() if re.search(r"[^\W\d_]{2}", line)]


def texts_of(html: str) -> list[str]:
    """What people read of a page, or have read to them: a line for each element that stands alone."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = ["".join(reader.texts), *reader.attributes]
    return [line.strip() for text in lines for line in text.splitlines() if line.strip()]


def _bracketed(text: str | tuple[str, ...]) -> str | list[str]:
    if isinstance(text, str):
        return f"{OPEN}{text}{CLOSE}"
    return [f"{OPEN}{form}{CLOSE}" for form in text]


def _foreign() -> Iterator[messages.Message]:
    for path in Path(django.__file__).parent.glob("**/locale/en/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            yield from read_po(file, locale="en")


class _Reader(HTMLParser):
    """Collects what a page shows, a line for each element that stands alone."""

    INLINE = {"a", "b", "em", "i", "small", "span", "strong", "time"}
    UNREAD = {"script", "style"}
    VOID = {"br", "hr", "img", "input", "link", "meta", "source"}

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self._open.append(tag)
        if tag not in self.INLINE:
            self.texts.append("\n")
        given = dict(attrs)
        if given.get("type") == "hidden":
            return
        self.attributes += [given[name] or "" for name in READ_OUT if given.get(name)]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.attributes.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag not in self.INLINE:
            self.texts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.UNREAD.intersection(self._open):
            self.texts.append(re.sub(r"\s+", " ", data))
