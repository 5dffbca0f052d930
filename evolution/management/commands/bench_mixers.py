"""MixBench from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evolution.management.commands.build_corpus import CACHE_DIR, CORPUS_DIR
from evolution.management.commands.train_champions import MODELS_DIR


class Command(BaseCommand):
    help = (
        "Judge every mixer in models/ on songs it never learned from: repair, style, shuffle test, variance. "
        "Exits with 1 when a mixer fails."
    )
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--songs", type=Path, help="any folder of music; otherwise the corpus' bench songs, or the shipped set"
        )
        parser.add_argument("--models", type=Path, default=MODELS_DIR, help="folder of mixers")
        parser.add_argument("--shuffle", action="store_true", help="also print each mixer's losses in the shuffle test")
        parser.add_argument(
            "--sound",
            action="store_true",
            help="also damage, mix and compare real sound, beside all baselines, and tell the styles apart; minutes",
        )
        parser.add_argument("--limit", type=int, help="at most this many songs")
        parser.add_argument("--cards", action="store_true", help="write what was measured into the mixers' cards")
        parser.add_argument("--charts", type=Path, metavar="FOLDER", help="also draw what was found, as SVG files")
        parser.add_argument("--json", action="store_true", help="print JSON instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        import torch
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.training import bench_songs, bench_tables
        from mixing.training.audio_bench import contestant, run_audio_bench
        from mixing.training.bench_charts import draw_findings
        from mixing.training.mixbench import load_contestants, run_bench
        from mixing.training.probe import answers
        from mixing.training.stem_bench import judge_stems, load_stems
        from mixing.training.style_classifier import recognize_styles
        from mixing.training.style_table import measure_styles, predict_styles
        from mixing.training.styles import load_reference

        torch.set_num_threads(1)
        try:
            contestants = load_contestants(options["models"])
            with tqdm(desc="Measuring songs", unit="song") as bar:
                bench, audio = bench_songs.collect(
                    options["songs"], CORPUS_DIR, CACHE_DIR, limit=options["limit"], on_song=bar.update
                )
            reference = load_reference(options["models"])
            with tqdm(desc="Judging", total=len(contestants), unit="mixer") as bar:
                report = run_bench(contestants, bench, reference, on_mixer=lambda _: bar.update())
            stems = judge_stems({slug: mixer for slug, (mixer, _) in contestants.items()}, load_stems())
            if audio:
                with tqdm(desc="Rendering", unit="mix") as bar:
                    styles = measure_styles(contestants, bench, audio, on_mix=bar.update)
            else:
                styles = predict_styles(contestants, bench)
            heard = recognition = None
            if options["sound"]:
                if not audio:
                    raise CommandError(
                        "--sound needs songs to listen to. Build the corpus, or name a folder with --songs.",
                        returncode=2,
                    )
                weights = {slug: options["models"] / slug / "weights.safetensors" for slug in contestants}
                judged = [
                    contestant(
                        slug,
                        weights[slug],
                        style,
                        answers(mixer, bench.degraded_log_mel, bench.degraded_stats),
                    )
                    for slug, (mixer, style) in contestants.items()
                ]
                with tqdm(desc="Listening", total=len(audio), unit="song") as bar:
                    heard = run_audio_bench(
                        judged, audio, bench.genres, bench.works, reference.mean_mid_db, on_song=bar.update
                    )
                with tqdm(desc="Naming", total=len(audio), unit="song") as bar:
                    recognition = recognize_styles(weights, audio, bench.works, on_song=bar.update)
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        found = bench_tables.Findings(report, styles, stems, heard, recognition)
        if options["cards"]:
            bench_tables.write_to_cards(options["models"], found)
        if options["charts"]:
            draw_findings(found, options["charts"])
        if options["json"]:
            self.stdout.write(json.dumps(found.to_dict()))
        else:
            self.stdout.write(bench_tables.to_markdown(found, with_shuffle=options["shuffle"]))
        if not report.passed:
            raise CommandError("At least one mixer failed. Read the last column of the first table.", returncode=1)
