"""Mix a song with the arena from a program: upload it, judge blind battles, take the champion's mix home.

    MIXARENA_TOKEN=ma_... python examples/use_the_api.py --url http://127.0.0.1:8000 song.wav mix.flac

Both sounds of a battle are saved beside the result, so that you can play them and answer. With `--rule livelier` a
rule answers for you: the side with the higher crest factor. It still takes the time that listening takes, because a
vote without listening is refused. Votes count for the mixers and teach them, so let a rule judge only in an arena of
your own.

The token, made at /me/tokens/, needs the scopes read, songs and play.
"""

from __future__ import annotations

import argparse
import array
import math
import os
import sys
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients.python.mixarena_client import Arena, Document, Problem

Judgement = tuple[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 when the mix is written."""
    parser = argparse.ArgumentParser(description="Mix a song with MixArena.")
    parser.add_argument("song", type=Path, nargs="+", help="the song, or its stems; the last name is the result's")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--genre", default="", help="left out: as the arena guesses it")
    parser.add_argument("--format", default="flac")
    parser.add_argument("--rule", choices=sorted(RULES), help="what judges; left out: you do")
    chosen = parser.parse_args(arguments)
    *songs, target = chosen.song
    if not songs:
        parser.error("name a song, and the file to write the result to")
    judge = RULES[chosen.rule] if chosen.rule else ask_at_the_keyboard
    try:
        arena = Arena(chosen.url, token=os.environ["MIXARENA_TOKEN"])
        song = arena.wait_for_song(arena.upload_song(*songs)["id"])
        print(f"{song['title']}: {song['duration_s']:.0f} s, probably {song['genre_guess']}")
        genre = chosen.genre or song["genre_guess"]
        tournament = arena.start_tournament(song["id"], genre=genre, n_rounds=chosen.rounds)
        play(arena, tournament["id"], judge, target.parent)
        result = arena.result(tournament["id"])
        file = arena.make_file(tournament["id"], format=chosen.format)
        arena.download(file["url"], target)
        print(f"Champion: {result['champion']}. Written: {target}, {file['loudness_lufs']:.1f} LUFS")
    except KeyError as error:
        parser.error(f"set {error.args[0]} to a token")
    except Problem as problem:
        print(f"{problem.status} {problem.code}: {problem.detail}", file=sys.stderr)
        return 1
    return 0


def play(arena: Arena, tournament: str, judge: Callable[[Path, Path], Judgement], folder: Path) -> None:
    """Judge every battle until the tournament is over."""
    while arena.wait_for_battle(tournament)["state"] == "running":
        ballot = arena.take_ballot(tournament)
        began = time.monotonic()
        a = arena.download(ballot["a_url"], folder / "a.wav")
        b = arena.download(ballot["b_url"], folder / "b.wav")
        choice, confidence = judge(a, b)
        hear(arena, ballot, began)
        reveal = arena.vote(ballot["token"], choice, confidence=confidence)
        names = " against ".join(side["nickname"] for side in reveal["sides"])
        print(f"Round {reveal['round']}: {names}. {reveal['verdict']}")


def hear(arena: Arena, ballot: Document, began: float) -> None:
    """Let the time pass that both sounds take, and say so."""
    each_s = ballot["required_s"] + 0.1
    time.sleep(max(0.0, 2.0 * each_s - (time.monotonic() - began)))
    arena.heard(ballot["token"], a=[[0.0, each_s]], b=[[0.0, each_s]])


def ask_at_the_keyboard(a: Path, b: Path) -> Judgement:
    """Let whoever sits here listen and answer."""
    print(f"Listen to {a} and {b}.")
    choice = input("Which one is better? a, b, tie or neither: ").strip()
    return choice, 0 if choice in ("tie", "neither") else int(input("How sure are you, in percent? "))


def livelier(a: Path, b: Path) -> Judgement:
    """The side with more between its peaks and its level."""
    return ("a" if crest_db(a) >= crest_db(b) else "b"), 50


def crest_db(path: Path) -> float:
    """Peak over root mean square of a 16-bit WAV, in dB."""
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    mean_square = sum(x * x for x in samples) / len(samples)
    return 20.0 * math.log10(max(1, *map(abs, samples)) / max(1.0, math.sqrt(mean_square)))


RULES: dict[str, Callable[[Path, Path], Judgement]] = {"livelier": livelier}

if __name__ == "__main__":
    sys.exit(main())
