"""Debian packages as sources of music: fetched with `apt-get download`, unpacked without being installed."""

from __future__ import annotations

import fnmatch
import logging
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

logger = logging.getLogger(__name__)

DONE = ".done"


def fetch_all(
    names: Sequence[str],
    root: Path,
    unpack: Callable[[str, Path], None],
    *,
    on_done: Callable[[str], object] | None = None,
    n_workers: int = 2,
) -> list[str]:
    """Fetch every package that has no mark in its folder yet; returns the names that could not be had.

    Args:
        root: each package gets a folder of its name there.
        unpack: fills a package's folder; the mark follows it.
        on_done: called with each package's name, from any thread.
    """

    def fetch(name: str) -> str | None:
        target = root / name
        failed: str | None = None
        if not (target / DONE).exists():
            try:
                unpack(name, target)
                (target / DONE).touch()
            except (subprocess.CalledProcessError, OSError, ValueError) as error:
                logger.warning("package=%s could not be fetched: %s", name, error)
                failed = name
        if on_done is not None:
            on_done(name)
        return failed

    root.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(n_workers) as pool:
        return [name for name in pool.map(fetch, names) if name is not None]


def download_and_unpack(name: str, target: Path, patterns: Sequence[str]) -> None:
    """Download a package and keep the files that match, and its `copyright`, in the folder `target`.

    Args:
        patterns: shell patterns of whole paths inside the package; case counts.
    Raises: subprocess.CalledProcessError or OSError where the archive does not give the package.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as temporary:
        subprocess.run(["apt-get", "download", "-q", name], cwd=temporary, check=True, capture_output=True)
        deb = next(Path(temporary).glob("*.deb"))
        wanted = [*patterns, f"*/doc/{name}/copyright"]
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpacked:
            # tar answers 2 where a pattern matched nothing, which is normal here.
            subprocess.run(
                ["tar", "-x", "--no-same-owner", "-C", str(target), "--wildcards", *wanted],
                stdin=unpacked.stdout,
                check=False,
                capture_output=True,
            )
    legal = next(iter(target.rglob(f"doc/{name}/copyright")), None)
    if legal is not None:
        (target / "copyright").write_bytes(legal.read_bytes())


def read_licences(copyright_path: Path) -> list[tuple[str, str]]:
    """(glob, licence) of each `Files:` stanza in order; empty for a free-text file."""
    if not copyright_path.exists():
        return []
    stanzas: list[tuple[str, str]] = []
    for stanza in re.split(r"\n\s*\n", copyright_path.read_text(errors="replace")):
        files = re.search(r"^Files:((?:.*\n)(?:[ \t]+\S.*\n)*)", stanza + "\n", re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(\S.*)$", stanza, re.MULTILINE)
        if files and licence:
            stanzas.extend((glob, licence.group(1).strip()) for glob in files.group(1).split())
    return stanzas


def licence_of(inside: str, licences: Sequence[tuple[str, str]]) -> str:
    """The licence of the last stanza that names this file, or empty; a stanza for everything names nothing.

    The installed path may have lost its leading folders.
    """
    found = ""
    for glob, licence in licences:
        if glob != "*" and (fnmatch.fnmatch(inside, f"*{glob}") or Path(inside).name == Path(glob).name):
            found = licence
    return found
