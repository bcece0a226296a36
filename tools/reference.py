"""The tables of the reference pages, from what stands in the code.

python tools/reference.py update   # writes them into docs/settings.md, docs/signals.md and docs/checks.md
python tools/reference.py check    # fails when a page says something else than the code

A setting is explained by the comment above it in `conf.py`, a signal by the comment behind it in
`signals.py`, a check by its own message and hint.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "eyeson_meetings"
DOCS = TOP / "docs"
START, END = "<!-- from the code: {} -->", "<!-- end -->"
#: The keyword that brings a signal's row, where it is not the first word of the signal.
ROWS = {"file": "room_file"}
#: What is known of a text that only the run fills in.
UNKNOWN = {"where": "EYESON[…]"}


def settings_table() -> str:
    """Key, default and meaning of every key of `EYESON`."""
    source = (PACKAGE / "conf.py").read_text(encoding="utf-8")
    lines = source.splitlines()
    rows = []
    for key, value in _dictionary(source, "DEFAULTS"):
        comment: list[str] = []
        number = key.lineno - 2
        while lines[number].strip().startswith("#"):
            comment.insert(0, lines[number].strip("# "))
            number -= 1
        rows.append((f"`{ast.literal_eval(key)}`", f"`{ast.unparse(value)}`", " ".join(comment)))
    return _table(("Key", "Default", "Meaning"), rows)


def signals_table() -> str:
    """Name, row and occasion of every signal."""
    source = (PACKAGE / "signals.py").read_text(encoding="utf-8")
    rows = []
    for name, comment in re.findall(
        r"^(\w+) = Signal\(\)(?:  # (.+))?$", source, flags=re.MULTILINE
    ):
        row = name.partition("_")[0]
        rows.append((f"`{name}`", f"`{ROWS.get(row, row)}`", comment))
    return _table(("Signal", "Row", "When"), rows)


def checks_table(kind: str) -> str:
    """Id, message and hint of every check of that kind, "error" or "warning"."""
    found: dict[int, tuple[list[str], list[str]]] = {}
    for path in sorted((PACKAGE / "checks").glob("*.py")):
        for number, message, hint in _findings(path.read_text(encoding="utf-8"), kind):
            messages, hints = found.setdefault(number, ([], []))
            messages += [message] if message not in messages else []
            hints += [hint] if hint not in hints else []
    rows = [
        (f"`{kind[0].upper()}{number:03}`", "<br>".join(messages), "<br>".join(hints))
        for number, (messages, hints) in sorted(found.items())
    ]
    return _table(("Id", "What it says", "What mends it"), rows)


def _findings(source: str, kind: str) -> Iterator[tuple[int, str, str]]:
    tree = ast.parse(source)
    of_module = _assigned(tree.body)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names = {**of_module, **_assigned(function.body)}
        for node in ast.walk(function):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if (
                name == kind
                and isinstance(node, ast.Call)
                and isinstance(node.args[0], ast.Constant)
            ):
                number, message, hint = node.args
                yield ast.literal_eval(number), _words(message, names), _words(hint, names)
            elif name == "unknown_keys" and kind == "error" and isinstance(node, ast.Call):
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                said = f"{_words(given['where'], names)} has an unknown key …."
                yield ast.literal_eval(given["number"]), said, "Did you mean …?"
    for key, value in _dictionary(source, "VALUE_CHECKS") if kind == "error" else ():
        number, _is_right, hint = value.elts  # type: ignore[attr-defined]
        said = f'EYESON["{ast.literal_eval(key)}"] is wrong.'
        yield ast.literal_eval(number), said, _words(hint, of_module)


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _words(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """A text as it stands in the code; what is filled in later is an ellipsis."""
    if isinstance(node, ast.Constant):
        # Lines to paste are for the terminal: here the first will do.
        return str(node.value).partition("\n")[0]
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part, names) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _words(node.value, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_text = node.func.attr == "format"
        return _words(node.func.value, names) if is_text else "…"
    if isinstance(node, ast.Name):
        return _words(names[node.id], names) if node.id in names else UNKNOWN.get(node.id, "…")
    return "…"


def _dictionary(source: str, name: str) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == name and isinstance(node, ast.AnnAssign):
            assert isinstance(node.value, ast.Dict)  # noqa: S101 - so it is written
            yield from (
                (k, v) for k, v in zip(node.value.keys, node.value.values, strict=True) if k
            )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    escaped = (tuple(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in escaped)


TABLES = {
    "settings": settings_table,
    "signals": signals_table,
    "errors": lambda: checks_table("error"),
    "warnings": lambda: checks_table("warning"),
    "informations": lambda: checks_table("information"),
}


def pages() -> Iterator[tuple[Path, str, str]]:
    """Each page with such tables: as it is, and as it should be."""
    for path in sorted(DOCS.glob("*.md")):
        before = after = path.read_text(encoding="utf-8")
        for name, table in TABLES.items():
            start = START.format(name)
            if start in after:
                head, _, rest = after.partition(start)
                after = f"{head}{start}\n\n{table()}\n{END}{rest.partition(END)[2]}"
        if after != before or END in before:
            yield path, before, after


def main(command: str) -> int:
    """Run a command; its exit code."""
    if command == "update":
        for path, _before, after in pages():
            path.write_text(after, encoding="utf-8")
    elif command == "check":
        outdated = [str(path) for path, before, after in pages() if before != after]
        print("\n".join(outdated) or "The pages say what the code says.")
        return bool(outdated)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
