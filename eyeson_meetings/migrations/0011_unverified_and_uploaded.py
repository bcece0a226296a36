"""Add whether a stored file could be verified, and the length and SHA-256 of what the site uploaded.

Files of before count as verified: one of unknown length was refused.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0010_clocks_and_found_ends"),
    ]

    operations = [
        *(
            migrations.AddField(
                model, "is_unverified", models.BooleanField(default=False, editable=False)
            )
            for model in ("recording", "snapshot", "roomfile")
        ),
        migrations.AddField(
            "roomfile",
            "uploaded_bytes",
            models.PositiveBigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            "roomfile",
            "uploaded_sha256",
            models.CharField(blank=True, editable=False, max_length=64),
        ),
    ]
