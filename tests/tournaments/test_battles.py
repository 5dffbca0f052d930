"""A battle opens when both sides can be heard, matched, and told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from tests.factories import make_battle, make_mix, make_mixer, make_tournament
from tournaments.models import Battle, Mix, Preview, Song, Tournament
from tournaments.services.battles import open_if_ready
from tournaments.services.tournaments import start_tournament

pytestmark = pytest.mark.django_db(transaction=True)


def battle_of(song: Song, mixes: tuple[Mix, Mix]) -> Battle:
    tournament = make_tournament(song=song, owner=song.owner, mixers=[mix.mixer for mix in mixes])
    return make_battle(
        tournament=tournament, first=mixes[0], second=mixes[1], state=Battle.State.PREPARING, level_lufs=None
    )


def test_a_battle_of_two_mixes_that_differ_is_opened_once(song: Song, mixes: tuple[Mix, Mix]) -> None:
    battle = battle_of(song, mixes)
    assert open_if_ready(battle.pk)
    battle.refresh_from_db()
    assert (battle.state, battle.level_lufs) == (Battle.State.OPEN, -18.0)
    assert battle.opened_at is not None
    assert not open_if_ready(battle.pk)


def test_a_battle_waits_for_its_mixes(song: Song, mixes: tuple[Mix, Mix]) -> None:
    battle = battle_of(song, mixes)
    Mix.objects.filter(pk=mixes[1].pk).update(state=Mix.State.PLANNED)
    assert not open_if_ready(battle.pk)
    battle.refresh_from_db()
    assert battle.state == Battle.State.PREPARING


def test_a_quiet_mix_takes_both_sides_down(song: Song, mixes: tuple[Mix, Mix]) -> None:
    battle = battle_of(song, mixes)
    Mix.objects.filter(pk=mixes[1].pk).update(highlight_lufs=-23.456)
    with local_jobs() as jobs:
        assert not open_if_ready(battle.pk)
        assert Preview.objects.filter(level_lufs=-23.46, state=Preview.State.QUEUED).count() == 2
        jobs.drain()
    battle.refresh_from_db()
    assert (battle.state, battle.level_lufs) == (Battle.State.OPEN, -23.46)


def test_a_tournament_opens_its_first_battle_by_itself(song: Song, mixes: tuple[Mix, Mix]) -> None:
    assert song.owner is not None
    with local_jobs() as jobs:
        tournament = start_tournament(owner=song.owner, song=song, genre="rock", n_rounds=3, seed=1)
        jobs.drain()
    assert Battle.objects.get(tournament=tournament).state == Battle.State.OPEN


def test_a_tournament_on_an_unmixed_song_opens_when_the_mixes_come(song: Song, mixes: tuple[Mix, Mix]) -> None:
    assert song.owner is not None
    Mix.objects.all().delete()
    with local_jobs() as jobs:
        tournament = start_tournament(owner=song.owner, song=song, genre="rock", n_rounds=3, seed=1)
        assert Battle.objects.get(tournament=tournament).state == Battle.State.PREPARING
        jobs.drain()
    assert Battle.objects.get(tournament=tournament).state == Battle.State.OPEN


def test_two_mixes_that_sound_alike_are_never_put_to_a_vote(song: Song, mixes: tuple[Mix, Mix]) -> None:
    twin = make_mixer()
    other = mixes[0].previews.get(region="highlight")
    copy = make_mix(song=song, mixer=twin, highlight_lufs=mixes[0].highlight_lufs)
    Preview.objects.create(
        song=song, mix=copy, region="highlight", level_lufs=other.level_lufs, state="ready", file=other.file.name
    )
    battle = battle_of(song, (mixes[0], copy))
    Mixer.objects.exclude(pk__in=[twin.pk, mixes[0].mixer_id]).update(state=Mixer.State.RETIRED)
    with local_jobs() as jobs:
        assert not open_if_ready(battle.pk)
        jobs.drain()
    battle.refresh_from_db()
    assert battle.state == Battle.State.VOIDED
    assert Tournament.objects.get(pk=battle.tournament_id).state == Tournament.State.FAILED


def test_a_mix_that_cannot_be_made_leaves_the_battle_to_others(song: Song, mixes: tuple[Mix, Mix]) -> None:
    broken = make_mix(song=song, mixer=make_mixer(), state=Mix.State.FAILED)
    tournament = make_tournament(song=song, owner=song.owner, mixers=[broken.mixer, *(mix.mixer for mix in mixes)])
    battle = make_battle(
        tournament=tournament, first=broken, second=mixes[0], state=Battle.State.PREPARING, level_lufs=None
    )
    with local_jobs() as jobs:
        assert not open_if_ready(battle.pk)
        jobs.drain()
    replacement = Battle.objects.get(tournament=tournament, state=Battle.State.OPEN)
    assert {replacement.first_id, replacement.second_id} == {mix.pk for mix in mixes}


def test_a_battle_whose_cut_has_gone_is_opened_when_it_is_cut_again(song: Song, mixes: tuple[Mix, Mix]) -> None:
    battle = battle_of(song, mixes)
    Path(mixes[0].previews.get(region="highlight").file.path).unlink()
    with local_jobs() as jobs:
        assert not open_if_ready(battle.pk)
        jobs.drain()
    battle.refresh_from_db()
    assert battle.state == Battle.State.OPEN


def test_a_decided_battle_is_left_alone(song: Song, mixes: tuple[Mix, Mix]) -> None:
    battle = battle_of(song, mixes)
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.DECIDED)
    assert not open_if_ready(battle.pk)
