"""The web application that uvicorn serves."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mixarena.settings")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402  (Django has to be set up first)

from mixarena.upload_limit import Application, UploadLimit  # noqa: E402

application = UploadLimit(cast(Application, django_application), max_bytes=settings.MAX_UPLOAD_MB * 1_000_000)
