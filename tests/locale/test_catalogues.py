"""The catalogues of translations are complete, and installed as they are written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo, write_mo

from tools import messages

of_each = pytest.mark.parametrize("folder", messages.SPEAKERS, ids=lambda folder: folder.name)


def german(folder: Path) -> Catalog:
    (found,) = (catalog for path, catalog in messages.catalogues(folder) if "de" in path.parts)
    return found


@of_each
def test_every_text_is_translated_into_german(folder: Path) -> None:
    sources = messages.extracted(folder)

    found = list(messages.findings(sources, german(folder)))

    assert found == [], "Run tools/messages.py update, and fill in what is empty."
    assert len(sources) > (300 if folder == messages.PACKAGE else 60)


def test_the_example_site_has_the_words_of_the_package() -> None:
    """Its catalogue comes first: other words for the same text would be on the package's pages too."""
    package = german(messages.PACKAGE)

    others = {
        message.id: (message.string, shared.string)
        for message in german(messages.EXAMPLE)
        if message.id and (shared := package.get(message.id, message.context))
        if message.string != shared.string
    }

    assert others == {}


@of_each
def test_the_installed_catalogue_is_the_written_one(folder: Path) -> None:
    for path, catalog in messages.catalogues(folder):
        written = io.BytesIO()
        write_mo(written, catalog)
        written.seek(0)
        installed = path.with_suffix(".mo")

        assert installed.exists(), "The build compiles it: pip install -e ."
        with installed.open("rb") as file:
            compiled = texts_of(read_mo(file))
        assert compiled == texts_of(read_mo(written)), (
            "It is older than django.po: pip install -e ., or pybabel compile."
        )


def texts_of(catalog: Catalog) -> list[tuple[str, ...]]:
    return sorted(
        (repr(message.context), *messages.forms(message.id), *messages.forms(message.string))
        for message in catalog
        if message.id
    )


@pytest.mark.parametrize(
    ("original", "translation", "fault"),
    [
        ("Ended %(at)s", "Beendet", "other placeholders"),
        ("Ended %(at)s", "Beendet %(um)s", "other placeholders"),
        ("100 %% of %(at)s", "100 % von %(at)s", "other placeholders"),
        ("Join.", "Teilnehmen", "ends otherwise"),
        ("Join", "", "not translated"),
        (("%(n)d file", "%(n)d files"), ("%(n)d Datei",), "1 plural forms instead of 2"),
        (("%(n)d file", "%(n)d files"), ("%(n)d Datei", ""), "not translated"),
        (("%(n)d file", "%(n)d files"), ("eine Datei", "%(n)d Dateien"), "other placeholders"),
    ],
)
def test_a_broken_translation_is_found(
    original: str | tuple[str, str], translation: str | tuple[str, ...], fault: str
) -> None:
    sources, catalog = Catalog(), Catalog(locale="de")
    sources.add(original)
    catalog.add(original, translation)

    assert list(messages.findings(sources, catalog)) == [f"{fault}: {original!r}"]


def test_doubtful_superfluous_and_missing_translations_are_found() -> None:
    sources, catalog = Catalog(), Catalog(locale="de")
    sources.add("Join")
    sources.add("Leave")
    catalog.add("Join", "Teilnehmen", flags={"fuzzy"})
    catalog.add("Go", "Gehen")

    assert list(messages.findings(sources, catalog)) == [
        "not in the sources any more: 'Go'",
        "fuzzy: 'Join'",
        "missing: 'Leave'",
    ]
