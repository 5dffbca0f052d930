import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tournaments", "0013_listener_checks"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tournament",
            name="kind",
            field=models.CharField(
                choices=[
                    ("listener", "Listener"),
                    ("automatic", "automatic (votes by a rule from the command line)"),
                    ("showcase", "showcase (demo battles, judged by an audience alone)"),
                ],
                default="listener",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Clip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_owner", models.CharField(blank=True, default="", max_length=120)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "queued_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When a worker was last asked to take it."
                    ),
                ),
                ("is_swapped", models.BooleanField(help_text="A is the battle's second mix.")),
                (
                    "signature",
                    models.CharField(help_text="Who shares it, as it stands in the pictures.", max_length=150),
                ),
                ("address", models.CharField(help_text="Where to vote, as it stands on the end card.", max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("ready", "Ready"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("audio", models.FileField(blank=True, upload_to="clips/")),
                ("video", models.FileField(blank=True, upload_to="clips/")),
                ("reason", models.TextField(blank=True)),
                (
                    "requested_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When somebody last asked for it."
                    ),
                ),
                (
                    "battle",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="clip", to="tournaments.battle"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
