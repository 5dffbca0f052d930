"""A whole arena in a temporary folder, for scripts that walk through it in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.processes import ROOT, Arena, free_port


@contextmanager
def own_arena() -> Iterator[tuple[Arena, Path]]:
    """An arena that is set up and healthy, and the folder that it lives in; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "VAR_DIR": name,
            "ARENA_PORT": str(free_port()),
            "NUMBA_CACHE_DIR": str(ROOT / "var" / "numba"),
        }
        arena = Arena(environment, folder)
        try:
            subprocess.run([sys.executable, "manage.py", "set_up"], cwd=ROOT, env=environment, check=True)
            arena.start("arena")
            arena.wait_for(lambda: arena.get("/healthz")[0] == 200, what="a healthy arena")
            yield arena, folder
        finally:
            arena.close()
