"""Add `given_up_at`, and let `deleted_remotely_at` say only that a person deleted the file.

Until now the program set `deleted_remotely_at`, too: when eyeson answered "not found" twice, and when it never made
a file available. Failed rows of both kinds lose it, so that they are fetched when eyeson shows the file again. A row
counts as deleted by a person if its error says so, or if eyeson neither missed the file nor left it unfinished.
"""

from django.db import migrations, models
from django.db.models import Q

MODELS = ("recording", "snapshot", "roomfile")
#: The errors of rows that a person deleted, in the languages of the package.
DELETED_BY_A_PERSON = (
    "It was deleted at eyeson before it was fetched.",
    "Sie wurde bei eyeson gelöscht, bevor sie geholt war.",
    "It was taken out of the meeting before it was fetched.",
    "Sie wurde aus der Besprechung entfernt, bevor sie geholt war.",
)


def leave_deletions_of_people(apps, schema_editor):
    """Clear `deleted_remotely_at` in failed rows that the program gave up."""
    for name in MODELS:
        rows = apps.get_model("eyeson_meetings", name)._default_manager
        rows.using(schema_editor.connection.alias).filter(
            Q(missing_remotely_since__isnull=False) | Q(available_at=None),
            store_state="failed",
            deleted_remotely_at__isnull=False,
        ).exclude(error__in=DELETED_BY_A_PERSON).update(deleted_remotely_at=None)


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0008_void_meetings"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="given_up_at",
                field=models.DateTimeField(blank=True, editable=False, null=True),
            )
            for name in MODELS
        ),
        migrations.RunPython(leave_deletions_of_people, migrations.RunPython.noop, elidable=True),
    ]
