"""Add the forwarded streams and the layers that the site has begun in a meeting."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0013_names_without_unseen"),
    ]

    operations = [
        migrations.AddField("meeting", "forwards", models.JSONField(default=list, editable=False)),
        migrations.AddField("meeting", "layers", models.JSONField(default=list, editable=False)),
    ]
