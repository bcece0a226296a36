"""Texts for people are marked as such where they are written, also on pages that no test opens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.template.base import DebugLexer, TokenType
from django.utils.functional import Promise

from tests.locale import pseudo
from tools.messages import SPEAKERS, TOP

#: They speak to developers and to those who run the site, in English: see docs/translations.md.
ENGLISH = {"checks", "client", "management", "migrations", "sandbox", "testing"}
#: Keyword arguments and attributes whose value people read.
SHOWN = {
    "description",
    "empty_label",
    "help_text",
    "label",
    "question",
    "short_description",
    "title",
    "verbose_name",
    "verbose_name_plural",
}
#: Errors whose own words people read.
SPOKEN = {
    "BroadcastRunningError",
    "NotAvailableError",
    "PermissionDenied",
    "StreamTargetError",
    "UploadRefusedError",
    "ValidationError",
    "ValueRefusedError",
}
#: In a template: `name|default:"Somebody"`.
LITERAL = re.compile(r'\|(default|default_if_none|yesno):"[^"]*[A-Za-z]')


def files(ending: str) -> Iterator[Path]:
    """Those of the package and of the example site that speak to people."""
    for folder in SPEAKERS:
        for path in sorted(folder.rglob(f"*.{ending}")):
            if ENGLISH.isdisjoint(path.relative_to(folder).parts):
                yield path


def has_words(node: ast.expr) -> bool:
    """Whether the value is text that was written here and not marked."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and re.search(r"[^\W\d_]", node.value) is not None
    if isinstance(node, ast.JoinedStr):
        return any(has_words(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return has_words(node.left) or has_words(node.right)
    return isinstance(node, ast.IfExp) and (has_words(node.body) or has_words(node.orelse))


def marks(call: ast.Call) -> bool:
    name = getattr(call.func, "id", "")
    return name == "_" or "gettext" in name


def unmarked(source: str, *, is_reference: bool = False) -> list[str]:
    """Where a module shows a text that is not marked. `is_reference`: descriptions are for developers."""
    shown = {"label"} if is_reference else SHOWN
    found = []
    for node in ast.walk(ast.parse(source)):
        values: list[ast.expr] = []
        if isinstance(node, ast.JoinedStr):
            # Python 3.11 has no tokens inside of them: the text would not be found there.
            inner = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
            found += [f"{each.lineno}: {ast.unparse(each)}" for each in inner if marks(each)]
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            owner = getattr(getattr(node.func, "value", None), "id", "")
            values += [each.value for each in node.keywords if each.arg in shown]
            values += node.args if name in SPOKEN else []
            values += node.args[1:] if owner == "messages" else []
            values += node.args[2:] if name.startswith("log_") else []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values += [node.value] if node.targets[0].id in shown else []
        found += [f"{each.lineno}: {ast.unparse(each)}" for each in values if has_words(each)]
    return found


def test_no_module_shows_a_text_that_is_not_marked() -> None:
    found = {
        str(path.relative_to(TOP)): texts
        for path in files("py")
        if (texts := unmarked(path.read_text("utf-8"), is_reference="rest_api" in path.parts))
    }

    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        'messages.success(request, "Done.")',
        'messages.success(request, f"{name} is done.")',
        'raise ValidationError("Wrong." if a else _("Right."))',
        'self.log_change(request, row, "Done.")',
        'Button(label="Go")',
        'verbose_name = "room"',
    ],
)
def test_a_text_that_is_not_marked_is_found(line: str) -> None:
    assert len(unmarked(line)) == 1
    assert unmarked(re.sub(r'f?("[^"]*")', r"_(\1)", line)) == []


def test_a_text_that_not_every_python_finds_is_found() -> None:
    assert unmarked("""told = f"{_('Done.')} {name}" """) == ["1: _('Done.')"]


def texts_of_template(source: str) -> str:
    """The HTML that a template has of itself: without tags, variables, comments and what is translated."""
    left, skipped_until = [], ""
    for token in DebugLexer(source).tokenize():
        word = token.contents.split(" ")[0] if token.token_type == TokenType.BLOCK else ""
        if skipped_until:
            skipped_until = "" if word == skipped_until else skipped_until
        elif word in ("blocktranslate", "comment") or token.contents == "block width":
            skipped_until = f"end{word}"
        elif word == "extends":
            # Names of templates.
            continue
        elif token.token_type == TokenType.TEXT or LITERAL.search(token.contents):
            left.append(token.contents)
    return "".join(left)


def test_no_template_has_a_text_of_its_own() -> None:
    found = {
        str(path.relative_to(TOP)): texts
        for path in files("html")
        if (texts := pseudo.untranslated(texts_of_template(path.read_text("utf-8"))))
    }

    assert found == {}


@pytest.mark.parametrize(
    "html",
    [
        "<p>Text</p>",
        '<img alt="Text">',
        '<input type="submit" value="Text">',
        '{% if a %}<a title="Text"></a>{% endif %}',
        '{{ name|default:"Text" }}',
    ],
)
def test_a_text_of_a_template_is_found(html: str) -> None:
    marked = html.replace('"Text"', "Text").replace("Text", '"{% translate "Text" %}"')

    assert len(pseudo.untranslated(texts_of_template(html))) == 1
    if "{{" not in html:
        assert pseudo.untranslated(texts_of_template(marked)) == []


def test_models_have_names_that_can_be_translated() -> None:
    """All models; the fields of those that admin shows."""
    found = []
    ours = [apps.get_app_config(label) for label in ("eyeson_meetings", "appointments")]
    for model in (model for app in ours for model in app.get_models()):
        options = model._meta
        names = {"": options.verbose_name, "plural": options.verbose_name_plural}
        for field in options.get_fields() if admin.site.is_registered(model) else ():
            if getattr(field, "editable", False) and not field.auto_created:
                names[f"{field.name} name"] = field._verbose_name
                names |= {f"{field.name} help": field.help_text} if field.help_text else {}
                names |= {f"{field.name} {value}": label for value, label in field.choices or ()}
        found += [
            f"{model.__name__} {place}"
            for place, name in names.items()
            if not isinstance(name, Promise)
        ]

    assert found == []


def test_scripts_have_no_texts_of_their_own() -> None:
    """What they say stands in attributes that templates fill."""
    for path in files("js"):
        source = re.sub(
            r"/\*.*?\*/|^\s*//.*?$", "", path.read_text("utf-8"), flags=re.DOTALL | re.M
        )
        source = re.sub(r"throw new \w+\(.*?\);", "", source)
        texts = re.findall(r"""(["'`])((?:(?!\1).)*\w \w(?:(?!\1).)*)\1""", source)
        shown = [text for _quote, text in texts if not re.search(r"[\[\].${}]|use strict", text)]

        assert shown == [], path.name
        assert not re.search(r"""(textContent|innerText|title|ariaLabel)\s*=\s*["'`]\w""", source)
