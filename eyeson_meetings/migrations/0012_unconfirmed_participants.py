"""Add which participants eyeson has not named yet, and which ids staff have said to be one person.

All participants of before were kept after an answer, webhook or list named them.
"""

import django.db.models.deletion
from django.db import migrations, models

import eyeson_meetings.models.participants


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0011_unverified_and_uploaded"),
    ]

    operations = [
        migrations.AddField(
            "participant",
            "unconfirmed_since",
            models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            "participant",
            "merged_into",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="merged",
                to="eyeson_meetings.participant",
            ),
        ),
        migrations.AddIndex(
            "participant",
            models.Index(
                condition=models.Q(("unconfirmed_since__isnull", False)),
                fields=["unconfirmed_since"],
                name="eyeson_unconfirmed",
            ),
        ),
        migrations.AlterField(
            "participant",
            "room",
            models.ForeignKey(
                on_delete=eyeson_meetings.models.participants.protect_known,
                related_name="participants",
                to="eyeson_meetings.room",
                verbose_name="room",
            ),
        ),
    ]
