"""Add what the site has begun in a meeting, and since when a meeting is in progress in a room, to list those first."""

from typing import Any

from django.db import migrations, models

import eyeson_meetings.models.times


def note_running(apps: Any, schema_editor: Any) -> None:
    """Fill in what the mirror writes from now on."""
    using = schema_editor.connection.alias
    rooms = apps.get_model("eyeson_meetings", "Room").objects.using(using)
    meetings = apps.get_model("eyeson_meetings", "Meeting").objects.using(using)
    running = meetings.filter(ended_at=None, is_void=False).order_by("started_at")
    for room, started_at in running.values_list("room", "started_at").iterator():
        rooms.filter(pk=room).update(running_since=started_at)


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0013_names_without_unseen"),
    ]

    operations = [
        migrations.AddField("meeting", "forwards", models.JSONField(default=list, editable=False)),
        migrations.AddField("meeting", "layers", models.JSONField(default=list, editable=False)),
        migrations.AddField(
            "room",
            "running_since",
            eyeson_meetings.models.times.ReportedTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            "room", models.Index(fields=["running_since", "-id"], name="eyeson_room_running")
        ),
        migrations.RunPython(note_running, migrations.RunPython.noop),
    ]
