"""From the field to the champion: who enters, who meets whom, what a tournament waits for, and how it ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction

from evolution.models import Breeding, Mixer
from tests.factories import NOW, make_mix, make_mixer, make_song, make_tournament, make_user
from tests.tournaments.rounds import be_born, open_battle, play, start, vote
from tournaments.errors import (
    InvalidTournament,
    MixNotHeard,
    NotYours,
    SongNotReady,
    TooFewMixers,
    TournamentRunning,
)
from tournaments.models import Ballot, Battle, Entrant, Mix, Rating, Song, Tournament
from tournaments.services.ballots import issue_ballot
from tournaments.services.tournaments import choose_other, next_battle, start_tournament, void_battle

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def champions() -> list[Mixer]:
    return [make_mixer(seed_rating=rating) for rating in (1250.0, 1300.0, 1280.0, 1350.0, 1400.0)]


@pytest.fixture
def song() -> Song:
    return make_song()


@pytest.fixture
def tournament(champions: list[Mixer], song: Song) -> Tournament:
    return start(song.owner, song)  # type: ignore[arg-type]


def mixers_of(battle: Battle) -> frozenset[int]:
    return frozenset((battle.first.mixer_id, battle.second.mixer_id))


def sound_alike(battle: Battle | None) -> None:
    """What happens to a battle whose mixes turn out not to differ."""
    assert battle is not None
    assert void_battle(battle.pk)


# Starting


def test_a_new_tournament_has_the_champions_their_mixes_and_a_first_battle(
    tournament: Tournament, champions: list[Mixer]
) -> None:
    assert tournament.state == Tournament.State.RUNNING
    assert {entrant.mixer for entrant in tournament.entrants.all()} == set(champions)
    assert set(Mix.objects.filter(song=tournament.song).values_list("mixer", flat=True)) == {m.pk for m in champions}
    battle = Battle.objects.get()
    assert (battle.number, battle.state, battle.is_final, battle.is_rematch) == (1, "preparing", False, False)
    assert 0 < battle.pair_probability < 1


def test_the_confirmed_genre_becomes_the_songs(tournament: Tournament) -> None:
    tournament.song.refresh_from_db()
    assert tournament.song.genre == "rock"


def test_a_demo_is_for_everybody_and_keeps_its_genre(champions: list[Mixer]) -> None:
    demo = make_song(is_demo=True, genre="pop")
    assert start(make_user(), demo).song == demo
    demo.refresh_from_db()
    assert demo.genre == "pop"


def test_a_stranger_cannot_start_on_anothers_song(champions: list[Mixer], song: Song) -> None:
    with pytest.raises(NotYours, match=r"somebody else\. Upload"):
        start(make_user(), song)
    assert not Tournament.objects.exists()


@pytest.mark.parametrize(
    ("state", "code"),
    [("uploaded", "song_not_ready"), ("refused", "song_refused"), ("failed", "song_refused")],
)
def test_a_song_must_be_usable(champions: list[Mixer], state: str, code: str) -> None:
    song = make_song(state=state)
    with pytest.raises(SongNotReady) as refusal:
        start(song.owner, song)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert refusal.value.status == 409


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"n_rounds": 2}, "bad_rounds"),
        ({"n_rounds": 11}, "bad_rounds"),
        ({"genre": "polka"}, "bad_genre"),
        ({"genre": ""}, "bad_genre"),
        ({"seed": -1}, "bad_seed"),
        ({"seed": 2**63}, "bad_seed"),
    ],
)
def test_bad_values_are_refused(champions: list[Mixer], song: Song, options: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidTournament) as refusal:
        start_tournament(**{"owner": song.owner, "song": song, "genre": "rock"} | options)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert not Tournament.objects.exists()


def test_an_arena_without_mixers_says_so_and_leaves_nothing_behind(song: Song) -> None:
    make_mixer()
    make_mixer(state=Mixer.State.RETIRED)
    with pytest.raises(TooFewMixers, match="seed_champions"):
        start(song.owner, song)  # type: ignore[arg-type]
    assert not Tournament.objects.exists()


def test_starting_twice_before_a_vote_gives_the_same_tournament(tournament: Tournament) -> None:
    again = start(tournament.owner, tournament.song)
    assert again == tournament
    other = start(tournament.owner, tournament.song, n_rounds=3)
    assert other != tournament
    play(tournament)
    assert start(tournament.owner, tournament.song) not in (tournament, other)


def test_a_field_of_many_holds_five_with_two_champions(champions: list[Mixer], song: Song) -> None:
    for _ in range(10):
        make_mixer(is_champion=False, generation=1)
    make_mixer(state=Mixer.State.RETIRED)
    for seed in range(8):
        tournament = start(song.owner, song, seed=seed, kind=Tournament.Kind.AUTOMATIC)  # type: ignore[arg-type]
        field = [entrant.mixer for entrant in tournament.entrants.select_related("mixer")]
        assert len(field) == 5
        assert sum(mixer.is_champion for mixer in field) >= 2
        assert all(mixer.state == Mixer.State.ACTIVE for mixer in field)


# Pairs


def test_asking_for_the_next_battle_again_changes_nothing(tournament: Tournament) -> None:
    assert next_battle(tournament.pk) == next_battle(tournament.pk) == Battle.objects.get()


def test_the_database_refuses_a_second_battle_in_a_round(tournament: Tournament) -> None:
    battle = Battle.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Battle.objects.create(
            key="x", tournament=tournament, number=1, first=battle.second, second=battle.first, pair_probability=1
        )


def test_no_pair_meets_twice_in_nine_rounds(champions: list[Mixer], song: Song) -> None:
    tournament = start(song.owner, song, n_rounds=10)  # type: ignore[arg-type]
    pairs = [mixers_of(play(tournament, "tie")) for _ in range(9)]
    assert len(set(pairs)) == 9


def test_all_five_are_heard_within_three_rounds(champions: list[Mixer]) -> None:
    """Those heard least come first. Chance has its share in every draw; from this seed it does not take it."""
    song = make_song(content_hash="d" * 64)
    tournament = start(song.owner, song, seed=1, kind=Tournament.Kind.AUTOMATIC)  # type: ignore[arg-type]
    heard = [mixers_of(play(tournament, "tie")) for _ in range(3)]
    assert len(frozenset.union(*heard)) == 5


def test_an_automatic_tournament_is_a_function_of_seed_song_and_history(champions: list[Mixer]) -> None:
    def pairs(song: Song, seed: int) -> list[tuple[int, int]]:
        tournament = start(song.owner, song, seed=seed, n_rounds=3, kind=Tournament.Kind.AUTOMATIC)  # type: ignore[arg-type]
        battles = [play_automatic(tournament) for _ in range(2)]
        keys.append([battle.key for battle in battles])
        return [(battle.first.mixer_id, battle.second.mixer_id) for battle in battles]

    def play_automatic(tournament: Tournament) -> Battle:
        battle = open_battle(tournament)
        vote(battle, "tie", 0)
        return battle

    keys: list[list[str]] = []
    results = []
    for _ in range(2):
        with transaction.atomic():
            results.append(pairs(make_song(content_hash="a" * 64), 1))
            transaction.set_rollback(True)
    assert results[0] == results[1]
    assert keys[0] == keys[1]
    again = [pairs(make_song(content_hash="a" * 64), 1), pairs(make_song(content_hash="a" * 64), 1)]
    assert again[0] == results[0]
    assert keys[3] != keys[2], "a second run on one database has battles of its own"
    pairs(make_song(content_hash="a" * 64), 2)
    pairs(make_song(content_hash="b" * 64), 1)
    assert len({key for run in keys[2:] for key in run}) == 8


# Offspring


def test_an_offspring_fights_two_rounds_later_and_the_round_in_between_does_not_wait(tournament: Tournament) -> None:
    first = play(tournament)
    assert next_battle(tournament.pk) is not None, "round 2 waits for nothing"
    play(tournament)
    assert next_battle(tournament.pk) is None, "round 3 waits for the offspring of round 1"
    newborn = be_born(first)
    battle = Battle.objects.get(number=3)
    entrant = Entrant.objects.get(mixer=newborn)
    assert entrant.from_round == 3
    assert battle.state == Battle.State.PREPARING


def test_an_offspring_does_not_fight_before_its_round_even_where_a_battle_is_drawn_again(
    tournament: Tournament,
) -> None:
    newborn = be_born(play(tournament))
    for _ in range(6):
        battle = next_battle(tournament.pk)
        assert battle is not None
        assert battle.number == 2
        assert newborn.pk not in mixers_of(battle)
        sound_alike(battle)


def test_with_three_rounds_the_final_sets_the_best_against_the_offspring_of_round_1(
    champions: list[Mixer], song: Song
) -> None:
    tournament = start(song.owner, song, n_rounds=3)  # type: ignore[arg-type]
    first = play(tournament)
    second = play(tournament)
    newborn = be_born(first)
    final = Battle.objects.get(number=3)
    assert final.is_final
    assert final.pair_probability == 1.0
    assert newborn.pk in mixers_of(final)
    assert mixers_of(final) & {first.first.mixer_id, second.first.mixer_id}, "the other one has won before"


def test_a_rejected_breeding_is_waited_for_no_longer(champions: list[Mixer], song: Song) -> None:
    tournament = start(song.owner, song, n_rounds=3)  # type: ignore[arg-type]
    first, second = play(tournament), play(tournament)
    assert next_battle(tournament.pk) is None
    Breeding.objects.filter(key=first.key).update(state=Breeding.State.REJECTED)
    final = next_battle(tournament.pk)
    assert final is not None
    assert not final.is_rematch
    assert mixers_of(final) not in (mixers_of(first), mixers_of(second))


def test_a_pair_never_depends_on_how_fast_an_offspring_was_bred(champions: list[Mixer]) -> None:
    """Born at once or only when it is waited for: the pairs are the same."""
    pairs = []
    for is_late in (False, True):
        with transaction.atomic():
            song = make_song(content_hash="c" * 64)
            tournament = start(song.owner, song, seed=3, kind=Tournament.Kind.AUTOMATIC)  # type: ignore[arg-type]
            drawn = []
            due: list[Battle] = []
            for _ in range(5):
                while is_late and next_battle(tournament.pk) is None:
                    be_born(due.pop(0))
                battle = play(tournament)
                drawn.append((battle.first.mixer.nickname, battle.second.mixer.nickname))
                due.append(battle)
                if not is_late:
                    be_born(due.pop(0))
            pairs.append([["offspring" if n not in {c.nickname for c in champions} else n for n in p] for p in drawn])
            transaction.set_rollback(True)
    assert pairs[0] == pairs[1]


def test_a_retired_mixer_is_paired_no_more(tournament: Tournament) -> None:
    battle = Battle.objects.get()
    other = tournament.entrants.exclude(mixer__in=mixers_of(battle)).earliest("pk").mixer
    kept = {battle.first.mixer_id, other.pk}
    Mixer.objects.exclude(pk__in=kept).update(state=Mixer.State.RETIRED)
    sound_alike(battle)
    assert mixers_of(Battle.objects.get(state=Battle.State.PREPARING)) == kept


def test_a_mix_that_failed_is_paired_no_more(tournament: Tournament) -> None:
    battle = Battle.objects.get()
    broken = battle.first
    Mix.objects.filter(pk=broken.pk).update(state=Mix.State.FAILED)
    sound_alike(battle)
    for _ in range(4):
        assert broken.mixer_id not in mixers_of(play(tournament, "tie"))


# Voided battles


def test_a_voided_battle_is_replaced_by_another_pair_of_the_same_round(tournament: Tournament) -> None:
    battle = open_battle(tournament)
    ballot = issue_ballot(battle=battle, voter=tournament.owner, now=NOW)
    assert void_battle(battle.pk)
    ballot.refresh_from_db()
    assert ballot.state == Ballot.State.VOIDED
    replacement = Battle.objects.get(state=Battle.State.PREPARING)
    assert replacement.number == 1
    assert mixers_of(replacement) != mixers_of(battle)
    assert not void_battle(battle.pk), "twice changes nothing"
    assert Battle.objects.count() == 2


def test_a_decided_battle_stays(tournament: Tournament) -> None:
    battle = play(tournament)
    assert not void_battle(battle.pk)
    battle.refresh_from_db()
    assert battle.state == Battle.State.DECIDED
    assert Ballot.objects.get(battle=battle).state == Ballot.State.COMMITTED


def test_a_song_on_which_all_sound_alike_ends_the_tournament_with_a_reason(tournament: Tournament) -> None:
    for _ in range(10):
        sound_alike(next_battle(tournament.pk))
    tournament.refresh_from_db()
    assert tournament.state == Tournament.State.FAILED
    assert "Try another song." in tournament.reason
    assert next_battle(tournament.pk) is None


def test_a_tournament_that_runs_out_of_pairs_crowns_the_best_so_far(tournament: Tournament) -> None:
    battle = play(tournament, "b")
    Breeding.objects.update(state=Breeding.State.REJECTED)
    for _ in range(9):
        sound_alike(next_battle(tournament.pk))
    rematch = next_battle(tournament.pk)
    assert rematch is not None
    assert rematch.is_rematch
    sound_alike(rematch)
    tournament.refresh_from_db()
    assert tournament.state == Tournament.State.FINISHED
    assert tournament.champion == battle.second
    assert "best so far" in tournament.reason


# The end


@pytest.mark.parametrize("n_rounds", [3, 7, 10])
def test_a_tournament_ends_after_its_rounds(champions: list[Mixer], song: Song, n_rounds: int) -> None:
    tournament = start(song.owner, song, n_rounds=n_rounds)  # type: ignore[arg-type]
    battles = []
    for _ in range(n_rounds):
        battles.append(play(tournament))
        if Breeding.objects.filter(key=battles[-1].key).exists():
            be_born(battles[-1])
    tournament.refresh_from_db()
    assert tournament.state == Tournament.State.FINISHED
    assert tournament.champion == tournament.taken == battles[-1].first
    assert [battle.is_final for battle in battles] == [False] * (n_rounds - 1) + [True]
    assert [a.number + 1 == b.number for a, b in pairwise(battles)] == [True] * (n_rounds - 1)
    assert any(not mixer.is_champion for b in battles for mixer in (b.first.mixer, b.second.mixer)), "offspring fought"
    assert next_battle(tournament.pk) is None


def finish_with(champions: list[Mixer], choice: str) -> tuple[Tournament, Battle]:
    song = make_song()
    tournament = start(song.owner, song, n_rounds=3)  # type: ignore[arg-type]
    for _ in range(2):
        be_born(play(tournament))
    final = play(tournament, choice)
    tournament.refresh_from_db()
    return tournament, final


def test_the_winner_of_the_final_is_the_champion(champions: list[Mixer]) -> None:
    tournament, final = finish_with(champions, "b")
    assert tournament.champion == final.second


@pytest.mark.parametrize("choice", ["tie", "neither"])
def test_without_a_winner_in_the_final_the_better_record_decides(champions: list[Mixer], choice: str) -> None:
    tournament, final = finish_with(champions, choice)
    assert final.first.mixer.is_champion, "the best so far has won before; the newborn has not fought"
    assert tournament.champion == final.first


def test_with_equal_records_the_higher_rating_decides(champions: list[Mixer], song: Song) -> None:
    tournament = start(song.owner, song, n_rounds=3)  # type: ignore[arg-type]
    for _ in range(2):
        play(tournament, "tie")
    final = play(tournament, "neither")
    tournament.refresh_from_db()
    by_rating = {row.mixer_id: row.rating for row in Rating.objects.filter(genre="")}
    assert tournament.champion is not None
    assert tournament.champion.mixer_id == max(mixers_of(final), key=lambda mixer: by_rating[mixer])


def test_another_heard_mix_may_be_taken_home(champions: list[Mixer]) -> None:
    tournament, final = finish_with(champions, "a")
    other = final.second
    assert choose_other(tournament=tournament, mix=other).taken == other
    assert choose_other(tournament=tournament, mix=other).taken == other
    assert tournament.champion == final.first
    assert final.first is not None
    assert choose_other(tournament=tournament, mix=final.first).taken == final.first


def test_a_mix_that_was_not_heard_cannot_be_taken(champions: list[Mixer]) -> None:
    tournament, _ = finish_with(champions, "a")
    with pytest.raises(MixNotHeard):
        choose_other(tournament=tournament, mix=make_mix(song=tournament.song))
    with pytest.raises(MixNotHeard):
        choose_other(tournament=tournament, mix=make_mix())


def test_nothing_is_taken_home_before_the_end(tournament: Tournament) -> None:
    battle = play(tournament)
    with pytest.raises(TournamentRunning):
        choose_other(tournament=tournament, mix=battle.first)


def test_the_database_refuses_a_finished_tournament_without_a_champion() -> None:
    tournament = make_tournament()
    with pytest.raises(IntegrityError), transaction.atomic():
        Tournament.objects.filter(pk=tournament.pk).update(state=Tournament.State.FINISHED)
