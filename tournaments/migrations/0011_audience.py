from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import tournaments.models.battles


def links_to_shares(apps: Any, schema_editor: Any) -> None:
    """The links that were open stay open, under the same addresses."""
    Share = apps.get_model("tournaments", "Share")
    Tournament = apps.get_model("tournaments", "Tournament")
    Share.objects.bulk_create(
        [
            Share(
                kind="tournament", token=row.share_token, tournament=row, created_at=row.finished_at or row.created_at
            )
            for row in Tournament.objects.exclude(share_token=None)
        ]
    )
    _check_now(schema_editor)


def shares_to_links(apps: Any, schema_editor: Any) -> None:
    """Only whole tournaments had links."""
    Share = apps.get_model("tournaments", "Share")
    Tournament = apps.get_model("tournaments", "Tournament")
    for share in Share.objects.filter(kind="tournament", revoked_at=None):
        Tournament.objects.filter(pk=share.tournament_id).update(share_token=share.token)
    _check_now(schema_editor)


def _check_now(schema_editor: Any) -> None:
    # PostgreSQL changes no table while a check of a foreign key is still to come.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [
        ("tournaments", "0010_taste_resets"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ballot",
            name="kind",
            field=models.CharField(
                choices=[
                    ("listener", "Listener"),
                    ("automatic", "Automatic"),
                    ("audience", "audience (somebody else's tournament)"),
                ],
                default="listener",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(default=tournaments.models.battles.new_token, max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("tournament", "Tournament"), ("battle", "Battle"), ("mix", "Mix")], max_length=10
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, help_text="Shown for the owner; empty: signed by username.", max_length=40
                    ),
                ),
                (
                    "is_public",
                    models.BooleanField(default=False, help_text="Listed for everybody; otherwise only by the link."),
                ),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "battle",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="tournaments.battle",
                    ),
                ),
                (
                    "mix",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="tournaments.mix",
                    ),
                ),
                (
                    "tournament",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="tournaments.tournament"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="ballot",
            name="share",
            field=models.ForeignKey(
                blank=True,
                help_text="Of an audience.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="ballots",
                to="tournaments.share",
            ),
        ),
        migrations.CreateModel(
            name="ShareEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("visit", "Visit"), ("signup", "sign-up")], max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "share",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="tournaments.share"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "tournament"), ("revoked_at", None)),
                fields=("tournament",),
                name="share_one_a_tournament",
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "battle"), ("revoked_at", None)),
                fields=("battle",),
                name="share_one_a_battle",
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "mix"), ("revoked_at", None)),
                fields=("tournament", "mix"),
                name="share_one_a_mix",
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("battle", None), ("kind", "tournament"), ("mix", None)),
                    models.Q(("battle__isnull", False), ("kind", "battle"), ("mix", None)),
                    models.Q(("battle", None), ("kind", "mix"), ("mix__isnull", False)),
                    _connector="OR",
                ),
                name="share_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_public", False), ("kind", "tournament"), _connector="OR"),
                name="share_public_tournament",
            ),
        ),
        migrations.AddIndex(
            model_name="shareevent",
            index=models.Index(fields=["at"], name="share_event_moment"),
        ),
        migrations.RunPython(links_to_shares, shares_to_links),
        migrations.RemoveField(model_name="tournament", name="share_token"),
    ]
