"""Add the counts of people who come into a room, by which floods are limited."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0014_what_runs"),
    ]

    operations = [
        migrations.CreateModel(
            "EntryCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=64, unique=True)),
                ("moments", models.JSONField(default=list)),
                ("meeting", models.BigIntegerField(null=True)),
                ("meeting_entries", models.PositiveIntegerField(default=0)),
                ("version", models.PositiveBigIntegerField(default=0)),
                (
                    "updated_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
            ],
            options={
                "verbose_name": "entry count",
                "verbose_name_plural": "entry counts",
            },
        ),
    ]
