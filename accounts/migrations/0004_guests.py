from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_guest",
            field=models.BooleanField(
                default=False,
                help_text="Judges shared battles without an account; cannot log in.",
                verbose_name="guest",
            ),
        ),
    ]
