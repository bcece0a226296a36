from django.db import migrations, models


def keep_what_was_said(apps, schema_editor):
    facts = apps.get_model("eyeson_meetings", "PresenceFact").objects.using(
        schema_editor.connection.alias
    )
    facts.filter(online=True, exact=True).update(came=True)
    facts.filter(online=False, exact=True).update(went=True)
    facts.filter(online=True, exact=False).update(listed_in=True)
    facts.filter(online=False, exact=False).update(listed_out=True)


class Migration(migrations.Migration):
    dependencies = [
        ("eyeson_meetings", "0006_act_requests"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name="presencefact", name=name, field=models.BooleanField(default=False)
            )
            for name in ("came", "went", "listed_in", "listed_out")
        ),
        migrations.RunPython(keep_what_was_said, migrations.RunPython.noop),
        migrations.RemoveField(model_name="presencefact", name="exact"),
        # Django makes it again on the way back, for rows that were there before.
        migrations.AlterField(
            model_name="presencefact", name="online", field=models.BooleanField(default=False)
        ),
        migrations.RemoveField(model_name="presencefact", name="online"),
    ]
