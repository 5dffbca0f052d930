"""The web process must stay small: it loads nothing of what jobs need."""

import subprocess
import sys

from tests.services.processes import ROOT

HEAVY = ("torch", "numba", "librosa", "scipy")
CODE = """
import sys
import mixarena.asgi
from django.urls import get_resolver
get_resolver().url_patterns
from django.contrib import admin
admin.autodiscover()
print(*sorted(set(sys.modules) & set(sys.argv[1:])))
"""


def test_web_process_loads_no_engine_rooms() -> None:
    result = subprocess.run([sys.executable, "-c", CODE, *HEAVY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
