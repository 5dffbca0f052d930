"""An hour of stereo, file to file: how long it takes, and how much memory at most.

Run as `python -m tests.bench.bench_long_file`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from tests.signals import beat

RATE = 44_100
MINUTES = 60


def main() -> None:
    """Write an hour and render it in a process of its own, whose peak memory is then known."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.wav"
        minute = beat(1, 60.0, rate=RATE).T
        with soundfile.SoundFile(str(source), "w", RATE, 2, subtype="PCM_16") as file:
            for _ in range(MINUTES):
                file.write(minute)
        code = (
            "import sys; from pathlib import Path; from tests.bench.bench_long_file import render_file;"
            "render_file(Path(sys.argv[1]), Path(sys.argv[2]))"
        )
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code, str(source), str(Path(folder) / "out.wav")], check=True)
        took = time.monotonic() - began
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000.0
    print(f"{MINUTES} minutes file to file: {took:.1f} s, {peak_mb:.0f} MB at most")


def render_file(source: Path, out: Path) -> None:
    """Render as an export does, without Django."""
    from mixing.audio.decode import open_source
    from mixing.console.renderer import render_stream
    from tests.bench.chain import SETTINGS

    opened = open_source(source)
    with soundfile.SoundFile(str(out), "w", opened.sample_rate, opened.channels, subtype="PCM_24") as file:
        render_stream(opened, SETTINGS, lambda block: file.write(block.T))


if __name__ == "__main__":
    main()
