"""Runs every check and prints one summary: `python -m tests`, or `make test`, which installs what it needs first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TOOLS = Path(PYTHON).parent

# A third of the tests each; whoever is done first takes over half of what the other still has, from the end.
IN_PARALLEL = ("-q", "-n", "3", "--dist", "worksteal")


def marked(marker: str) -> list[str]:
    """Chooses the tests with a marker, in the files that name it: the others need not even be imported."""
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if marker in path.read_text()]
    return ["-m", marker, *map(str, sorted(files))]


# In this order: what fails fastest comes first, and all of them run whatever fails.
CHECKS: dict[str, list[str]] = {
    "lint": [str(TOOLS / "ruff"), "check", "--quiet"],
    "format": [str(TOOLS / "ruff"), "format", "--check", "--quiet"],
    "layers": [str(TOOLS / "lint-imports"), "--no-logo"],
    "types": [PYTHON, "-m", "mypy"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "tests": [PYTHON, "-m", "pytest", *IN_PARALLEL, "--durations", "15"],
    "tests on PostgreSQL": [PYTHON, "-m", "pytest", *IN_PARALLEL, *marked("both_databases")],
}
ENVIRONMENTS: dict[str, dict[str, str]] = {"tests on PostgreSQL": {"TEST_DATABASE": "postgresql"}}


def main() -> int:
    """Run all checks from the project's folder; 0 where every one of them passed."""
    results: list[tuple[str, int, float]] = []
    for name, command in CHECKS.items():
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        environment = {**os.environ, **ENVIRONMENTS.get(name, {})}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        results.append((name, code, time.monotonic() - began))
    print("\n=== summary")
    for name, code, seconds in results:
        print(f"{'ok    ' if code == 0 else 'FAILED'}  {seconds:6.1f} s  {name}")
    print(f"        {sum(seconds for *_, seconds in results):6.1f} s  in all")
    return int(any(code != 0 for _, code, _ in results))


if __name__ == "__main__":
    sys.exit(main())
