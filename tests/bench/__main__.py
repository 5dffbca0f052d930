"""Every benchmark, one after the other: `python -m tests.bench`, or `make bench`.

A benchmark is a module bench_*.py here whose `main()` prints its own table; each runs in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """0 where every benchmark ran to its end."""
    codes = []
    for module in sorted(FOLDER.glob("bench_*.py")):
        print(f"\n=== {module.stem.removeprefix('bench_').replace('_', ' ')}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{module.stem}"]
        codes.append(subprocess.run(command, cwd=FOLDER.parents[1], check=False).returncode)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
