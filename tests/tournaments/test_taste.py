"""What the ledger says of styles, and who goes on living by it."""

from __future__ import annotations

import pytest

from evolution.models import Mixer
from evolution.services.champions import seed_champions
from evolution.services.styles import measure_missing_styles
from mixing.breeding.population import SIZE
from mixing.breeding.taste import Comparison, learn_taste
from mixing.console.spec import BUS_VECTOR
from tests.factories import NOW, make_ballot, make_battle, make_mix, make_mixer, make_song, make_tournament, make_user
from tests.mixing.breeding.champions import MODELS
from tournaments.models import LedgerEvent
from tournaments.services.ballots import commit_ballot
from tournaments.services.ledger import append_birth
from tournaments.services.population import make_room
from tournaments.services.taste import votes_on_styles

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

AIR = next(i for i, p in enumerate(BUS_VECTOR) if p.name == "high_shelf_db")


def style(air: float) -> list[float]:
    return [air if i == AIR else 0.5 for i in range(len(BUS_VECTOR))]


def judge(first: Mixer, second: Mixer, choice: str, genre: str = "rock") -> None:
    owner = make_user()
    song = make_song(owner=owner)
    mixes = [make_mix(song=song, mixer=mixer) for mixer in (first, second)]
    tournament = make_tournament(song=song, genre=genre, mixers=[first, second])
    ballot = make_ballot(battle=make_battle(tournament=tournament, first=mixes[0], second=mixes[1]))
    confidence = 0 if choice == "tie" else 80
    commit_ballot(token=ballot.token, voter=owner, choice=choice, confidence=confidence, now=NOW)


def newborn(air: float) -> Mixer:
    mixer = make_mixer(is_rated=False, is_champion=False, generation=1, style=style(air))
    append_birth(mixer=mixer, breeding_key=f"battle of {mixer.slug}")
    return mixer


def test_votes_are_read_from_the_ledger_newest_first_and_up_to_an_event() -> None:
    dull, bright = make_mixer(style=style(0.4)), make_mixer(style=style(0.6))
    unmeasured = make_mixer(style=[])
    judge(dull, bright, "b")
    judge(bright, dull, "tie", genre="jazz")
    upto = LedgerEvent.objects.latest("number").number
    judge(bright, dull, "neither")
    judge(bright, unmeasured, "a")
    judge(bright, dull, "a")
    votes = votes_on_styles()
    assert votes.styles.shape == (2, len(BUS_VECTOR))
    assert list(votes.founders) == [0, 1]
    early = [Comparison(1, 0, 0.5, "jazz"), Comparison(0, 1, 0.0, "rock")]
    assert list(votes.comparisons) == [Comparison(1, 0, 1.0, "rock"), *early]
    assert list(votes_on_styles(upto=upto).comparisons) == early


def test_only_so_many_votes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tournaments.services.taste.N_VOTES", 1)
    dull, bright = make_mixer(style=style(0.4)), make_mixer(style=style(0.6))
    judge(dull, bright, "a")
    judge(dull, bright, "b")
    assert list(votes_on_styles().comparisons) == [Comparison(0, 1, 0.0, "rock")]


def test_where_there_is_no_room_those_go_on_who_sound_as_listeners_like() -> None:
    dull, bright = make_mixer(style=style(0.3)), make_mixer(style=style(0.7))
    for _ in range(8):
        judge(dull, bright, "b")
    # Nobody has voted on these, but how they sound is known. The newest six are on probation however they sound.
    crowd = [newborn(0.35 + 0.01 * (i % 31)) for i in range(SIZE + 6)]
    gone = make_room(votes_on_styles())
    assert Mixer.objects.filter(state=Mixer.State.ACTIVE).count() == SIZE
    judged = crowd[:-6]
    kept = [mixer for mixer in judged if mixer not in gone]
    assert gone and min(m.style[AIR] for m in kept) >= max(m.style[AIR] for m in gone)
    assert learn_taste(votes_on_styles(), "rock").mean.any()


def test_styles_that_were_never_measured_are_measured_once() -> None:
    (first, *_) = seed_champions(folder=MODELS)
    expected = first.style
    Mixer.objects.filter(pk=first.pk).update(style=[])
    make_mixer(style=[], weights="", state=Mixer.State.RETIRED)
    assert measure_missing_styles() == 1
    first.refresh_from_db()
    assert first.style == pytest.approx(expected)
    assert measure_missing_styles() == 0
