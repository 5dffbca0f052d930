from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_guests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("voted", "Voted"),
                    ("finished", "finished a tournament"),
                    ("bred", "an offspring of a vote passed the gate"),
                    ("outgrew", "an offspring of a vote beat a parent"),
                    ("verified", "verified an e-mail address"),
                    ("referred", "a friend has come to stay"),
                    ("judged", "judged something of the queue"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="creditentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("welcome", "welcome"),
                    ("promotion", "promotion to a higher tier"),
                    ("achievement", "Achievement"),
                    ("referral", "a friend you invited"),
                    ("invited", "you were invited"),
                    ("judging", "judging for others"),
                    ("tournament", "a tournament"),
                    ("refund", "a tournament that failed"),
                    ("grant", "a gift of the arena"),
                ],
                max_length=12,
            ),
        ),
    ]
