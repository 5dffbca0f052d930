from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_fair_play"),
    ]

    operations = [
        migrations.CreateModel(
            name="DepartedName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(
                        help_text="HMAC-SHA-256 of the name, whatever its case.", max_length=64, unique=True
                    ),
                ),
            ],
        ),
    ]
