"""Let an invitation be a person: who comes in by it, under which name, and in how many browsers.

Guests who came in by one already did so under its id, which tells whose it is.
"""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def know_invited_people(apps, schema_editor):
    using = schema_editor.connection.alias
    participants = apps.get_model("eyeson_meetings", "Participant").objects.using(using)
    invitations = apps.get_model("eyeson_meetings", "Invitation").objects.using(using)
    for pk, room, public_id in invitations.values_list("pk", "room", "uuid").iterator():
        guest_id = str(uuid.uuid5(public_id, "guest"))
        participants.filter(room=room, eyeson_id=guest_id, guest=True).update(invitation=pk)


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0015_entry_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "invitation",
            "entries",
            models.PositiveIntegerField(default=0, editable=False, verbose_name="used in browsers"),
        ),
        migrations.AddField(
            "invitation",
            "invited_by",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="invited by",
            ),
        ),
        migrations.AddField(
            "invitation",
            "max_entries",
            models.PositiveIntegerField(
                blank=True,
                help_text="In how many browsers the link can be used; empty: in any number.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="browsers at most",
            ),
        ),
        migrations.AddField(
            "invitation",
            "name_is_fixed",
            models.BooleanField(
                default=True,
                help_text="The guest comes in under this name and cannot choose another one.",
                verbose_name="name is fixed",
            ),
        ),
        migrations.AddField(
            "participant",
            "invitation",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="participants",
                to="eyeson_meetings.invitation",
                verbose_name="invitation",
            ),
        ),
        migrations.RunPython(know_invited_people, migrations.RunPython.noop),
    ]
