from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def stop_earnings(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Listeners whose newest verdict leaves them out earn nothing by judging, from now on."""
    verdicts = apps.get_model("tournaments", "ListenerVerdict").objects.order_by("pk").values_list("listener", "value")
    left_out = [listener for listener, value in dict(verdicts).items() if value == "exclude"]
    apps.get_model("accounts", "User").objects.filter(pk__in=left_out).update(earns=False)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_fair_play"),
        ("tournaments", "0016_looks"),
    ]

    operations = [
        migrations.RunPython(stop_earnings, migrations.RunPython.noop),
    ]
