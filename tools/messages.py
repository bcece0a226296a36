"""The texts that people see, and their translations.

python tools/messages.py extract   # all texts, as a template for a new language, on standard output
python tools/messages.py extract example_project    # the same for the example site
python tools/messages.py update    # brings the catalogues up to what the sources say
python tools/messages.py check     # says what is missing in them; fails when anything is

Catalogues are `locale/*/LC_MESSAGES/django.po` in `eyeson_meetings` and in `example_project`. The build compiles
them (`setup.py`); after an `update`, `pip install -e .` does it again, or `pybabel compile -D django -d` and the
folder.
Django's own `makemessages` needs the gettext programs; this needs Babel alone.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file, extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "eyeson_meetings"
EXAMPLE = TOP / "example_project"
#: What speaks to people: each has catalogues of its own.
SPEAKERS = (PACKAGE, EXAMPLE)
#: A tool of developers in eyeson's place, which knows no Django: it speaks English.
LEFT_OUT = PACKAGE / "sandbox"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext")},
    "gettext_noop": None,
}
#: `%(name)s`, `%d`, and `%%`, which must stay doubled.
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-zA-Z%]")
SENTENCE_END = re.compile(r"[.:?!…]?\s*$")


def extract_template(file: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """For Babel: the texts of a Django template.

    Django turns templates into what looks like Python to xgettext. Brackets around it make it look so to
    Python's own tokenizer, which else would stumble over the indentation.
    """
    source = templatize(file.read().decode())
    yield from extract_python(io.BytesIO(f"({source})".encode()), keywords, comment_tags, options)


def extracted(folder: Path = PACKAGE) -> Catalog:
    """All texts of the package, or of the example site, with the files that have them."""
    catalog = Catalog(project=folder.name, charset="utf-8")
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
        if path.is_relative_to(LEFT_OUT):
            continue
        method: Any = "python" if path.suffix == ".py" else extract_template
        for line, text, comments, context in extract_from_file(
            method, path, keywords=KEYWORDS, comment_tags=("Translators:",)
        ):
            place = path.relative_to(TOP).as_posix()
            catalog.add(text, locations=[(place, line)], auto_comments=comments, context=context)
    return catalog


def catalogues(folder: Path = PACKAGE) -> Iterator[tuple[Path, Catalog]]:
    """Each language's file and what it says."""
    for path in sorted(folder.glob("locale/*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=path.parts[-3])


def findings(sources: Catalog, catalog: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue: missing, superfluous, doubtful or broken translations."""
    wanted = {(message.id, message.context) for message in sources if message.id}
    for message in catalog:
        if message.id and (message.id, message.context) not in wanted:
            yield f"not in the sources any more: {message.id!r}"
    for message in sources:
        if not message.id:
            continue
        translated = catalog.get(message.id, message.context)
        if translated is None:
            yield f"missing: {message.id!r}"
        else:
            yield from (f"{fault}: {message.id!r}" for fault in faults_of(translated, catalog))


def faults_of(message: Message, catalog: Catalog) -> Iterator[str]:
    """What is wrong with one translation."""
    originals, translations = forms(message.id), forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if len(originals) > 1 and len(translations) != catalog.num_plurals:
        yield f"{len(translations)} plural forms instead of {catalog.num_plurals}"
    if not all(translations):
        yield "not translated"
        return
    known = [sorted(PLACEHOLDER.findall(original)) for original in originals]
    if any(sorted(PLACEHOLDER.findall(each)) not in known for each in translations):
        yield "other placeholders"
    ends = [SENTENCE_END.findall(original)[0] for original in originals]
    if any(SENTENCE_END.findall(each)[0] not in ends for each in translations):
        yield "ends otherwise"


def forms(text: Any) -> list[str]:
    """A text that has one form, or all the forms of one that counts things."""
    return list(text) if isinstance(text, tuple | list) else [text or ""]


def extract(folder: Path) -> None:
    """Print all texts as a catalogue in which nothing is translated."""
    write_po(sys.stdout.buffer, extracted(folder), sort_by_file=True, include_lineno=False)


def update() -> None:
    """Bring the catalogues up to the sources. New texts are left empty, nothing is guessed."""
    for folder in SPEAKERS:
        sources = extracted(folder)
        for path, catalog in catalogues(folder):
            catalog.update(sources, no_fuzzy_matching=True, update_creation_date=False)
            catalog.obsolete.clear()
            content = io.BytesIO()
            write_po(content, catalog, width=100, sort_by_file=True, include_lineno=False)
            path.write_bytes(content.getvalue())


def check() -> int:
    """Print what is wrong; the number of findings."""
    sources = {folder: extracted(folder) for folder in SPEAKERS}
    found = [
        f"{path.relative_to(TOP)}: {finding}"
        for folder in SPEAKERS
        for path, catalog in catalogues(folder)
        for finding in findings(sources[folder], catalog)
    ]
    print("\n".join(found) or f"{sum(map(len, sources.values()))} texts, all translated.")
    return len(found)


def main(*arguments: str) -> int:
    """Run a command; its exit code."""
    names = {folder.name: folder for folder in SPEAKERS}
    match arguments:
        case ["extract"]:
            extract(PACKAGE)
        case ["extract", name] if name in names:
            extract(names[name])
        case ["update"]:
            update()
            return min(check(), 1)
        case ["check"]:
            return min(check(), 1)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
