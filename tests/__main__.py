"""Runs every check and prints one summary: `python -m tests`, or `make test`, which installs what it needs first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


# Several at a time: most of them are done when the slowest is.
READINGS: dict[str, list[str]] = {
    "types": [PYTHON, "-m", "mypy"],
    # Compiled once, before processes would do the same beside each other.
    "kernels": [PYTHON, "-m", "tests.kernels"],
    "lint": [str(TOOLS / "ruff"), "check", "--quiet"],
    "format": [str(TOOLS / "ruff"), "format", "--check", "--quiet"],
    "layers": [str(TOOLS / "lint-imports"), "--no-logo"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}
# One after the other, whatever fails.
TESTS: dict[str, list[str]] = {
    "tests": [PYTHON, "-m", "pytest", *IN_PARALLEL, "--durations", "15"],
    "tests on PostgreSQL": [PYTHON, "-m", "pytest", *IN_PARALLEL, *marked("both_databases")],
}
ENVIRONMENTS: dict[str, dict[str, str]] = {"tests on PostgreSQL": {"TEST_DATABASE": "postgresql"}}


def read(name: str) -> tuple[str, int, float]:
    """Run one of the readings, and print what it says when it is done: its name, exit status and seconds."""
    began = time.monotonic()
    done = subprocess.run(
        READINGS[name], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"\n=== {name}\n{done.stdout}", end="", flush=True)
    return name, done.returncode, time.monotonic() - began


def main() -> int:
    """Run all checks from the project's folder; 0 where every one of them passed."""
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(read, READINGS))
    for name, command in TESTS.items():
        print(f"\n=== {name}", flush=True)
        started = time.monotonic()
        environment = {**os.environ, **ENVIRONMENTS.get(name, {})}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        results.append((name, code, time.monotonic() - started))
    print("\n=== summary")
    for name, code, seconds in results:
        print(f"{'ok    ' if code == 0 else 'FAILED'}  {seconds:6.1f} s  {name}")
    print(f"        {time.monotonic() - began:6.1f} s  in all")
    return int(any(code != 0 for _, code, _ in results))


if __name__ == "__main__":
    sys.exit(main())
