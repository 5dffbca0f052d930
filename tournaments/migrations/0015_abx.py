import django.db.models.deletion
from django.db import migrations, models

import tournaments.models.battles


class Migration(migrations.Migration):
    dependencies = [
        ("tournaments", "0014_showcase_and_clips"),
    ]

    operations = [
        migrations.CreateModel(
            name="AbxTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n_trials", models.PositiveSmallIntegerField(help_text="Fixed before the first.")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("finished", "Finished"), ("abandoned", "Abandoned")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "vote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="abx_tests", to="tournaments.vote"
                    ),
                ),
            ],
            options={
                "verbose_name": "ABX test",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="AbxTrial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(default=tournaments.models.battles.new_token, max_length=40, unique=True)),
                ("number", models.PositiveSmallIntegerField()),
                ("x", models.CharField(help_text="Which side X is. A secret until the test is over.", max_length=1)),
                ("answer", models.CharField(blank=True, max_length=1)),
                (
                    "heard",
                    models.JSONField(
                        blank=True, default=dict, help_text="Distinct segments heard of a, b and x, in seconds."
                    ),
                ),
                (
                    "switches",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Changes: seconds since the trial began, and what was heard from then on.",
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, help_text="Empty: its turn has not come.", null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="trials", to="tournaments.abxtest"
                    ),
                ),
            ],
            options={
                "verbose_name": "ABX trial",
                "ordering": ["number"],
            },
        ),
        migrations.AddConstraint(
            model_name="abxtest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("vote",), name="abx_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="abxtest",
            constraint=models.CheckConstraint(condition=models.Q(("n_trials__in", (8, 12, 16))), name="abx_length"),
        ),
        migrations.AddConstraint(
            model_name="abxtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "running")),
                    models.Q(models.Q(("state", "running"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="abx_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="abxtrial",
            constraint=models.UniqueConstraint(fields=("test", "number"), name="abx_one_a_number"),
        ),
        migrations.AddConstraint(
            model_name="abxtrial",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", ""), ("started_at__isnull", False)),
                fields=("test",),
                name="abx_one_trial_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="abxtrial",
            constraint=models.CheckConstraint(condition=models.Q(("x__in", ("a", "b"))), name="abx_x_is_a_side"),
        ),
        migrations.AddConstraint(
            model_name="abxtrial",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None)),
                    models.Q(("answer__in", ("a", "b")), ("answered_at__isnull", False), ("started_at__isnull", False)),
                    _connector="OR",
                ),
                name="abx_answered_whole",
            ),
        ),
    ]
