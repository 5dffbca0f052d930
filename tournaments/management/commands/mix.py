"""One song, one mixer, one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from evolution.models import Mixer
from mixing.audio.decode import open_source, validate
from mixing.audio.features import cached_features
from tournaments.errors import ArenaError
from tournaments.management.out_files import format_of
from tournaments.models import Export
from tournaments.services.deliveries import deliver
from tournaments.services.materials import Material
from tournaments.services.mixes import features_folder, load_network
from tournaments.services.renderings import dither_seed


class Command(BaseCommand):
    help = "Let a mixer of the arena mix a song. Needs no running server, and keeps nothing but the file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("song", type=Path, help="WAV, AIFF, FLAC, MP3 or OGG")
        parser.add_argument("--mixer", required=True, metavar="SLUG", help="such as elite-warrior")
        parser.add_argument("--out", type=Path, required=True, help="file to write: .wav, .flac or .mp3")
        parser.add_argument(
            "--format", choices=Export.Format.values, help="default: by the name, 24 bit where there is a choice"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        format = format_of(out, options["format"])
        mixer = _mixer(options["mixer"])
        with tqdm(total=100, unit="%", disable=None) as bar:

            def show(share: float) -> None:
                bar.update(round(100 * share) - bar.n)

            bar.set_description("Listening")
            check = validate(options["song"], max_duration_s=None)
            chosen = load_network(mixer).settings(cached_features(options["song"], features_folder(), check.sha256))
            bar.set_description("Mixing")
            try:
                delivery = deliver(
                    material=Material((open_source(options["song"]),)),
                    settings=chosen,
                    path=out,
                    format=format.value,
                    seed=dither_seed(check.sha256),
                    progress=show,
                )
            except OSError as error:
                raise ArenaError(
                    f"{out} could not be written ({error.strerror}). Choose another place with --out.",
                    code="not_written",
                ) from error
        self.stdout.write(
            f"{mixer.nickname} mixed it: {delivery.loudness_lufs:.1f} LUFS, {delivery.true_peak_dbtp:.1f} dBTP, "
            f"written to {out}"
        )
        if delivery.is_limited_by_headroom:
            self.stdout.write(
                f"It asked for {delivery.requested_lufs:.1f} LUFS, which would have taken too much limiting."
            )


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
