"""What the package asks of a database names its alias: without one, `default` is asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model, OneToOneField

import eyeson_meetings
from eyeson_meetings.models.rows import RowForeignKey

PACKAGE = Path(eyeson_meetings.__file__).parent
FILES = [
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ("migrations", "sandbox")
]
#: Who may ask the routers: all others ask `database_alias`.
ASKS_ROUTERS = {"databases.py", "models/rows.py", "checks/surroundings.py"}
MODELS = list(apps.get_app_config("eyeson_meetings").get_models())


def faults(source: str) -> Iterator[str]:
    """What in a module asks a database without naming it."""
    nodes = list(ast.walk(ast.parse(source)))
    named = {
        id(node.func) for node in nodes if isinstance(node, ast.Call) and option(node, "using")
    }
    for node in nodes:
        is_fault = False
        if isinstance(node, ast.ImportFrom):
            names = {name.name for name in node.names}
            is_fault = node.module == "django.db.transaction" or (
                node.module == "django.db" and "connection" in names
            )
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "transaction":
            is_fault = id(node) not in named
        elif isinstance(node, ast.Call):
            rows = rows_of(node)
            is_fault = rows is not None and ".using(" not in ast.unparse(rows)
        if is_fault:
            yield ast.unparse(node)


def option(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def rows_of(call: ast.Call) -> ast.expr | None:
    """The queryset that a call locks or prefetches."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "select_for_update":
        return call.func
    if ast.unparse(call.func) == "Prefetch":
        return option(call, "queryset") or (call.args[1] if len(call.args) > 1 else None)
    return None


@pytest.mark.parametrize(
    "source",
    [
        "with transaction.atomic(): pass",
        "with transaction.atomic(durable=True): pass",
        "@transaction.atomic\ndef act(): pass",
        "transaction.on_commit(tell)",
        "transaction.non_atomic_requests(view)",
        "method_decorator(transaction.non_atomic_requests, name='dispatch')",
        "from django.db import connection",
        "from django.db.transaction import atomic",
        "Room.objects.select_for_update().first()",
        "Prefetch('meetings', meetings.order_by('pk')[:1], to_attr='latest')",
    ],
)
def test_what_names_no_alias_is_found(source: str) -> None:
    assert len(list(faults(source))) == 1


def test_the_package_names_its_alias_everywhere() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {fault}"
        for path in FILES
        for fault in faults(path.read_text(encoding="utf-8"))
    }

    assert len(FILES) > 200
    assert found == set(), "Say using=database_alias(), or use in_no_transaction for a view."


def test_one_place_asks_the_routers() -> None:
    asking = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if "router.db_for_" in path.read_text(encoding="utf-8")
    }

    assert asking == ASKS_ROUTERS


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_are_read_where_they_are_written(model: type[Model], settings: Any) -> None:
    settings.DATABASE_ROUTERS = ["tests.databases.routers.PrimaryReplicaRouter"]

    for manager in (model._base_manager, model._default_manager):
        assert manager.all().db == "default"
    assert model._default_manager.using("replica").all().db == "replica"
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and not isinstance(field, OneToOneField):
            assert isinstance(field, RowForeignKey), field
