import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tournaments", "0012_ballot_switches"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Anchor",
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
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("ready", "Ready"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("file", models.FileField(blank=True, upload_to="anchors/")),
                ("reason", models.TextField(blank=True)),
                (
                    "requested_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When somebody was last given it."
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("identical", "identical"), ("anchor", "anchor"), ("repeat", "repeat")], max_length=10
                    ),
                ),
                (
                    "right",
                    models.CharField(blank=True, help_text="The side that a sure answer should be for.", max_length=1),
                ),
                ("choice", models.CharField(blank=True, help_text="a, b, tie or neither, as heard.", max_length=10)),
                ("confidence", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("passed", "passed"), ("failed", "failed"), ("unclear", "unclear")],
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ListenerVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "value",
                    models.CharField(
                        choices=[("include", "include"), ("exclude", "exclude"), ("undecided", "undecided")],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                (
                    "evidence",
                    models.JSONField(
                        blank=True, default=dict, help_text="Right and wrong answers by kind, and the odds."
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="QueueItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="1 for the listener's first.")),
                ("is_passed_over", models.BooleanField(default=False, help_text="The listener asked for another one.")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="ballot",
            name="ballot_one_a_listener",
        ),
        migrations.AlterField(
            model_name="ballot",
            name="kind",
            field=models.CharField(
                choices=[
                    ("listener", "Listener"),
                    ("automatic", "Automatic"),
                    ("audience", "audience (somebody else's tournament)"),
                    ("check", "check (of the listener; no vote)"),
                ],
                default="listener",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["expired", "voided"]), _negated=True),
                    models.Q(("kind", "check"), _negated=True),
                ),
                fields=("battle", "voter"),
                name="ballot_one_a_listener",
            ),
        ),
        migrations.AddField(
            model_name="anchor",
            name="preview",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="anchor", to="tournaments.preview"
            ),
        ),
        migrations.AddField(
            model_name="check",
            name="anchor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tournaments.anchor",
            ),
        ),
        migrations.AddField(
            model_name="check",
            name="ballot",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tournaments.ballot"
            ),
        ),
        migrations.AddField(
            model_name="check",
            name="preview",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty for a repeat.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tournaments.preview",
            ),
        ),
        migrations.AddField(
            model_name="check",
            name="repeats",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repeats",
                to="tournaments.vote",
            ),
        ),
        migrations.AddField(
            model_name="listenerverdict",
            name="listener",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="verdicts", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="listenerverdict",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the rule.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="queueitem",
            name="ballot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="queue_items", to="tournaments.ballot"
            ),
        ),
        migrations.AddField(
            model_name="queueitem",
            name="listener",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="queue_items", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("choice", ""), ("confidence", None), ("outcome", "")),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("confidence__lte", 100),
                        models.Q(("outcome", ""), _negated=True),
                        models.Q(("choice", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="check_answered_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="queueitem",
            constraint=models.UniqueConstraint(fields=("listener", "number"), name="queue_one_a_number"),
        ),
    ]
