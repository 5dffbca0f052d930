"""The smallest valid rows. Names count up, the clock stands still, and nothing is random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import User
from evolution.models import Breeding, Mixer
from mixing.console.spec import BUS_VECTOR, MixSettings
from tournaments.models import Ballot, Battle, Entrant, Mix, Preview, Song, Tournament, Vote
from tournaments.services.ledger import append_seed

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

_numbers = count(1)


def make_user(username: str | None = None, **overrides: Any) -> User:
    """A listener whose password is "secret"."""
    return User.objects.create_user(username or f"listener{next(_numbers)}", password="secret", **overrides)


def make_mixer(*, is_rated: bool = True, **overrides: Any) -> Mixer:
    """A champion that has entered the ledger. Its weights name a file that is not there."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "slug": f"mixer-{number}",
        "name": f"Mixer {number}",
        "nickname": f"Mixer {number}",
        "architecture": Mixer.Architecture.CNN,
        "is_champion": True,
        "style": [0.3 + 0.05 * ((number + i) % 7) for i in range(len(BUS_VECTOR))],
        "weights": f"mixers/mixer-{number}.safetensors",
        "content_hash": f"{number:064x}",
        "seed_rating": 1300.0,
    }
    mixer = Mixer.objects.create(**fields | overrides)
    if is_rated:
        append_seed(mixer=mixer)
    return mixer


def make_song(*, owner: User | None = None, **overrides: Any) -> Song:
    """A minute of checked stereo with a highlight of 25 s; its file is not there. Belongs to a new user unless said."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "owner": owner,
        "title": f"Song {number}",
        "file": f"songs/{number}.wav",
        "content_hash": f"{number:064x}",
        "container": "WAV",
        "sample_rate": 44_100,
        "channels": 2,
        "duration_s": 60.0,
        "state": Song.State.READY,
        "genre_guess": "rock",
        "genre_confidence": 0.8,
        "highlight_start_s": 10.0,
        "highlight_end_s": 35.0,
        "excerpt_start_s": 38.0,
        "excerpt_end_s": 58.0,
    } | overrides
    if fields["owner"] is None and not fields.get("is_demo"):
        fields["owner"] = make_user()
    return Song.objects.create(**fields)


def make_mix(*, song: Song | None = None, mixer: Mixer | None = None, **overrides: Any) -> Mix:
    """A rendered mix with neutral settings."""
    fields: dict[str, Any] = {
        "song": song or make_song(),
        "mixer": mixer or make_mixer(),
        "state": Mix.State.READY,
        "console_settings": MixSettings().to_dict(),
        "report": {
            "requested_lufs": -14.0,
            "effective_lufs": -14.0,
            "true_peak_dbtp": -1.5,
            "gain_db": 1.0,
            "max_limiting_db": 0.5,
            "is_limited_by_headroom": False,
            "range_lu": 6.0,
            "input_lufs": -15.0,
            "gain_reduction": [],
            "version": "1",
        },
        "highlight_lufs": -13.0,
        "excerpt_lufs": -14.0,
        "centroid_hz": 1500.0,
    }
    return Mix.objects.create(**fields | overrides)


def make_preview(*, song: Song, mix: Mix | None, **overrides: Any) -> Preview:
    """A cut highlight at -18 LUFS; its file is not there."""
    fields: dict[str, Any] = {
        "region": Preview.Region.HIGHLIGHT,
        "level_lufs": -18.0,
        "state": Preview.State.READY,
        "file": f"previews/{next(_numbers)}.wav",
    }
    return Preview.objects.create(song=song, mix=mix, **fields | overrides)


def make_tournament(
    *, owner: User | None = None, song: Song | None = None, mixers: list[Mixer] | None = None, **overrides: Any
) -> Tournament:
    """A running tournament of five rounds without any battle yet, on its owner's own song."""
    song = song or make_song(owner=owner)
    owner = owner or song.owner or make_user()
    fields: dict[str, Any] = {"genre": "rock", "seed": 1}
    tournament = Tournament.objects.create(owner=owner, song=song, **fields | overrides)
    for mixer in mixers or []:
        Entrant.objects.create(tournament=tournament, mixer=mixer)
    return tournament


def make_battle(
    *, tournament: Tournament | None = None, first: Mix | None = None, second: Mix | None = None, **overrides: Any
) -> Battle:
    """An open first round."""
    tournament = tournament or make_tournament()
    number = overrides.get("number", 1)
    fields: dict[str, Any] = {
        "key": f"battle-{next(_numbers)}",
        "tournament": tournament,
        "number": number,
        "first": first or make_mix(song=tournament.song),
        "second": second or make_mix(song=tournament.song),
        "is_final": number == tournament.n_rounds,
        "pair_probability": 0.1,
        "level_lufs": -18.0,
        "state": Battle.State.OPEN,
        "opened_at": NOW,
    }
    return Battle.objects.create(**fields | overrides)


def make_ballot(*, battle: Battle | None = None, voter: User | None = None, **overrides: Any) -> Ballot:
    """The owner's ballot, ten seconds of each side heard, with the battle's first mix as A."""
    battle = battle or make_battle()
    fields: dict[str, Any] = {
        "voter": voter or battle.tournament.owner,
        "is_swapped": False,
        "starts_with": "a",
        "state": Ballot.State.ELIGIBLE,
        "heard": {"a": [[0.0, 10.0]], "b": [[0.0, 10.0]]},
        "issued_at": NOW - timedelta(seconds=30),
    }
    return Ballot.objects.create(battle=battle, **fields | overrides)


def make_vote(*, ballot: Ballot | None = None, **overrides: Any) -> Vote:
    """A vote as a row of its own: its battle is decided, but nothing is rated, bred or drawn.

    For what follows from votes, commit a ballot.
    """
    ballot = ballot or make_ballot()
    Ballot.objects.filter(pk=ballot.pk).update(state=Ballot.State.COMMITTED, committed_at=NOW)
    Battle.objects.filter(pk=ballot.battle_id).update(state=Battle.State.DECIDED, decided_at=NOW)
    fields: dict[str, Any] = {"choice": Vote.Choice.FIRST, "confidence": 80, "created_at": NOW}
    return Vote.objects.create(ballot=ballot, battle=ballot.battle, voter=ballot.voter, **fields | overrides)


def make_breeding(*, battle: Battle | None = None, **overrides: Any) -> Breeding:
    """A requested breeding; with a battle, its second mixer learns from its first."""
    fields: dict[str, Any] = {
        "key": battle.key if battle else f"breeding-{next(_numbers)}",
        "loser": battle.second.mixer if battle else None,
        "winner": battle.first.mixer if battle else None,
        "confidence": 0.8,
        "rating_gap": 50.0,
        "seed": 1,
        "genre": "rock",
        "newborn_rating": 1310.0,
    } | overrides
    fields["loser"] = fields["loser"] or make_mixer()
    fields["winner"] = fields["winner"] or make_mixer()
    return Breeding.objects.create(**fields)
