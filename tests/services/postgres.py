"""A private PostgreSQL for tests that need a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.services.processes import end, spawn, wait_for

SUPERUSER = "mixarena"


def program(name: str) -> str:
    """Path of a PostgreSQL program: on PATH, or where Debian puts it, newest first."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        raise FileNotFoundError(f"There is no {name} here. Install it with: apt-get install postgresql")
    return found


class PostgresServer:
    """Lives in one folder, listens on a Unix socket in it, and trusts whoever reaches it. Not durable, hence fast."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        user = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = "postgres"
            shutil.chown(self.folder, user, user)
            self.folder.parent.chmod(0o711)
        data = self.folder / "data"
        subprocess.run(
            [program("initdb"), "-D", str(data), "-A", "trust", "-U", SUPERUSER, "--encoding=UTF8", "--no-sync"],
            check=True, capture_output=True, user=user, group=user, cwd=self.folder,
        )  # fmt: skip
        command = [
            program("postgres"), "-D", str(data), "-k", str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off",
            "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200",
        ]  # fmt: skip
        self.process = spawn(command, cwd=self.folder, log=self.folder.parent / "postgres.log", user=user)
        wait_for(lambda: (self.folder / ".s.PGSQL.5432").exists(), what="PostgreSQL's socket")
        wait_for(self._is_up, what="PostgreSQL")

    def _is_up(self) -> bool:
        check = [program("pg_isready"), "--quiet", "--host", str(self.folder), "--username", SUPERUSER]
        return subprocess.run(check, check=False).returncode == 0

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
