"""Songs, stems or a whole album through one mixer, into files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from evolution.models import Mixer
from mixing.audio.archive import is_zip, unpack_stems
from mixing.audio.decode import open_source, validate
from mixing.audio.encode import write_audio
from mixing.audio.features import SongFeatures, cached_features, cached_stem_features
from mixing.audio.roles import guess_role
from mixing.console.album import consistent, lowered
from mixing.console.spec import MixSettings
from tournaments.errors import ArenaError
from tournaments.management.out_files import format_of
from tournaments.models import Export
from tournaments.services.deliveries import Delivery, deliver
from tournaments.services.materials import Material, aligned
from tournaments.services.mixes import features_folder, load_network
from tournaments.services.renderings import dither_seed
from tournaments.services.stems import naming, sum_of

FILE_FORMATS = [f.value for f in Export.Format if f not in (Export.Format.STEMS, Export.Format.REAPER)]
SUFFIXES = {"flac": "flac", "mp3": "mp3", "opus": "opus"}


@dataclass(frozen=True)
class _Heard:
    """A song that was listened to."""

    name: str
    material: Material
    features: SongFeatures


class Command(BaseCommand):
    help = (
        "Let a mixer of the arena mix a song, a song's stems (--stems), or several songs as an album of one loudness. "
        "Needs no running server, and keeps nothing but the files."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("songs", type=Path, nargs="+", help="WAV, AIFF, FLAC, MP3 or OGG; with --stems also a zip")
        parser.add_argument("--mixer", required=True, metavar="SLUG", help="such as elite-warrior")
        parser.add_argument("--out", type=Path, required=True, help="file to write; for an album a folder that exists")
        parser.add_argument("--stems", action="store_true", help="the files are the stems of one song")
        parser.add_argument(
            "--format", choices=FILE_FORMATS, help="default: by the name, 24 bit where there is a choice"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        songs: list[Path] = options["songs"]
        out: Path = options["out"]
        is_album = len(songs) > 1 and not options["stems"]
        outs = _album_files(songs, out, options["format"]) if is_album else [out]
        formats = [format_of(path, options["format"]) for path in outs]
        mixer = _mixer(options["mixer"])
        network = load_network(mixer)
        with ExitStack() as stack, tqdm(total=100 * len(outs), unit="%", disable=None) as bar:
            bar.set_description("Listening")
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            heard = [_stems(songs, folder)] if options["stems"] else [_song(path) for path in songs]
            chosen = [network.settings(song.features) for song in heard]
            if is_album:
                chosen = consistent(chosen, [song.features for song in heard])
            bar.set_description("Mixing")

            def progress(number: int) -> Callable[[float], None]:
                return lambda share: _show(bar, 100 * number + 100 * share)

            deliveries = [
                _deliver(song, settings, path, format, progress(i))
                for i, (song, settings, path, format) in enumerate(zip(heard, chosen, outs, formats, strict=True))
            ]
            lowest = min(delivery.loudness_lufs for delivery in deliveries)
            for i, delivery in enumerate(deliveries):
                quieter = lowered(chosen[i], delivery.loudness_lufs, lowest)
                if is_album and quieter is not None:
                    deliveries[i] = _deliver(heard[i], quieter, outs[i], formats[i], progress(i))
        for path, delivery in zip(outs, deliveries, strict=True):
            self.stdout.write(
                f"{mixer.nickname} mixed it: {delivery.loudness_lufs:.1f} LUFS, {delivery.true_peak_dbtp:.1f} dBTP, "
                f"written to {path}"
            )
            if delivery.is_limited_by_headroom:
                self.stdout.write(
                    f"It asked for {delivery.requested_lufs:.1f} LUFS, which would have taken too much limiting."
                )


def _song(path: Path) -> _Heard:
    check = validate(path, max_duration_s=None)
    return _Heard(path.name, Material((open_source(path),)), cached_features(path, features_folder(), check.sha256))


def _stems(paths: Sequence[Path], folder: Path) -> _Heard:
    """Stems as one song. Raises AudioError, its message beginning with the stem's name."""
    named = [(path.name, path) for path in paths]
    if len(paths) == 1 and paths[0].exists() and is_zip(paths[0]):
        named = [(stem.name, stem.path) for stem in unpack_stems(paths[0], folder)]
    if len(named) < 2:
        raise ArenaError("One file has no stems. Leave --stems out, or give at least two.", code="no_stems")
    hashes = []
    for name, path in named:
        with naming(name):
            hashes.append(validate(path, max_duration_s=None, min_duration_s=0.0, may_be_silent=True).sha256)
    material = aligned([path for _, path in named])
    rough = folder / "sum"
    write_audio(rough, sum_of(material), material.sample_rate, 2, "wav32f", seed=0)
    digest = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    features = cached_stem_features(material.sources, rough, features_folder(), digest)
    roles = tuple(guess_role(name, None, material.sample_rate).role for name, _ in named)
    return _Heard(paths[0].name, material, replace(features, roles=roles))


def _deliver(
    song: _Heard, settings: MixSettings, path: Path, format: Export.Format, progress: Callable[[float], None]
) -> Delivery:
    try:
        return deliver(
            material=song.material,
            settings=settings,
            path=path,
            format=format.value,
            seed=dither_seed(song.features.content_hash),
            progress=progress,
        )
    except OSError as error:
        raise ArenaError(
            f"{path} could not be written ({error.strerror}). Choose another place with --out.", code="not_written"
        ) from error


def _album_files(songs: Sequence[Path], folder: Path, format: str | None) -> list[Path]:
    if not folder.is_dir():
        raise ArenaError(
            f"{folder} is no folder, and an album needs one. Make it, and name it with --out.", code="no_folder"
        )
    suffix = SUFFIXES.get(format or "", "wav")
    outs = [folder / f"{song.stem}.{suffix}" for song in songs]
    if len(set(outs)) < len(outs):
        raise ArenaError("Two of the songs have the same name. Rename one of them.", code="same_name")
    if any(out.exists() and out.samefile(song) for out, song in zip(outs, songs, strict=True) if song.exists()):
        raise ArenaError("The mixes would overwrite the songs. Choose another folder with --out.", code="same_file")
    return outs


def _show(bar: Any, percent: float) -> None:
    bar.update(max(0, round(percent) - bar.n))


def _mixer(slug: str) -> Mixer:
    mixer = Mixer.objects.filter(slug=slug).first()
    if mixer is None:
        known = ", ".join(Mixer.objects.filter(state=Mixer.State.ACTIVE).values_list("slug", flat=True))
        raise ArenaError(
            f"There is no mixer {slug}. Choose one of: {known}."
            if known
            else "There are no mixers yet. Run `manage.py seed_champions` first.",
            code="no_mixer",
        )
    return mixer
