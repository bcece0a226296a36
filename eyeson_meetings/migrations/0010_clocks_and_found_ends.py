"""Add how far eyeson's clock is ahead, facts that were dated ahead, and ends that were only found.

Until now one pair of columns kept both what eyeson told of an end and when somebody found it. The ends of before count
as told: nothing tells them apart.
"""

from django.db import migrations, models


def _time(**options):
    return models.DateTimeField(blank=True, editable=False, null=True, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0009_given_up"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountClock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=64, unique=True, verbose_name="account")),
                (
                    "offset_seconds",
                    models.FloatField(default=0.0, verbose_name="ahead of the site's clock (s)"),
                ),
                ("last_offsets_seconds", models.JSONField(default=list, editable=False)),
            ],
            options={
                "verbose_name": "clock of an account",
                "verbose_name_plural": "clocks of accounts",
            },
        ),
        migrations.AddField("meeting", "end_found_at", _time(verbose_name="end found")),
        migrations.AddField("meeting", "found_gone_at", _time()),
        migrations.AddField("meeting", "found_gone_last_at", _time()),
        migrations.AddField("meeting", "gone_heard_at", _time()),
        migrations.AddField("room", "ahead_stored_at", _time()),
        migrations.AddField("room", "ahead_until", _time()),
        migrations.AddField(
            "room", "has_found_ends", models.BooleanField(default=False, editable=False)
        ),
        migrations.AddField("roomshutdown", "is_found", models.BooleanField(default=False)),
    ]
