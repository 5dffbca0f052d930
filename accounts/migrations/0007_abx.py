from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_invitation_visits"),
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
                    ("abx", "finished an ABX test"),
                ],
                max_length=10,
            ),
        ),
    ]
