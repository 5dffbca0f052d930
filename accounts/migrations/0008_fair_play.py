import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_abx"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="earns",
            field=models.BooleanField(
                default=True,
                editable=False,
                help_text="Off while a verdict leaves the votes out: judging pays nothing.",
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                help_text="The curator, where the arena did not decide by itself.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="reason",
            field=models.CharField(blank=True, help_text="Why it was refused, or a curator's words.", max_length=200),
        ),
    ]
