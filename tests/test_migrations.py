"""The migrations and the models say the same."""

from __future__ import annotations

import importlib
from io import StringIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from eyeson_meetings.models import Room
from tests.factories import MeetingFactory


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    output = StringIO()
    try:
        call_command("makemigrations", "eyeson_meetings", check=True, dry_run=True, stdout=output)
    except SystemExit:
        pytest.fail(
            "The models have changed. Run `python manage.py makemigrations eyeson_meetings` and commit"
            f" the new file with the change.\n{output.getvalue()}"
        )


def test_no_setting_of_a_site_enters_a_migration() -> None:
    for model in apps.get_app_config("eyeson_meetings").get_models():
        for field in model._meta.local_fields:
            options = field.deconstruct()[3]
            # A storage is named by a function, so that no path of one site is in it.
            assert "storage" not in options or callable(options["storage"])


def test_index_and_constraint_names_fit_every_database() -> None:
    for model in apps.get_app_config("eyeson_meetings").get_models():
        for part in (*model._meta.indexes, *model._meta.constraints):
            assert part.name.startswith("eyeson_")
            assert len(part.name) <= 30


@pytest.mark.django_db
def test_every_foreign_key_and_every_condition_of_the_models_has_its_index() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_app_config("eyeson_meetings").get_models():
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
            names = {part.name for part in (*model._meta.indexes, *model._meta.constraints)}
            assert names <= set(found), model
            indexed = {
                tuple(part["columns"][:1])
                for part in found.values()
                if part["index"] or part["unique"]
            }
            for field in model._meta.local_fields:
                if field.is_relation:
                    assert (field.column,) in indexed, field


@pytest.mark.django_db
def test_rooms_of_before_know_since_when_a_meeting_is_in_progress() -> None:
    running = MeetingFactory()
    MeetingFactory(ended=True)
    MeetingFactory(is_void=True)
    migration = importlib.import_module("eyeson_meetings.migrations.0014_what_runs")

    migration.note_running(apps, SimpleNamespace(connection=connection))

    filled = Room.objects.exclude(running_since=None)
    assert list(filled.values_list("pk", "running_since")) == [
        (running.room_id, running.started_at)
    ]
