from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tournaments", "0011_audience"),
    ]

    operations = [
        migrations.AddField(
            model_name="ballot",
            name="switches",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Changes between the sides: seconds since the first play, and the side.",
            ),
        ),
        migrations.AddField(
            model_name="preview",
            name="measures",
            field=models.JSONField(blank=True, default=dict, help_text="Of the sound in the file; for after the vote."),
        ),
    ]
