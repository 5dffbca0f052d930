"""A decided round with its secret out: who was who, what each did, and what the vote moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evolution.models import Mixer
from mixing.console.spec import MixSettings
from tournaments.drawings.curves import EqChart, draw_eq
from tournaments.models import Battle, Mix, Preview, Tournament, Vote
from tournaments.plain_words import Deed, deeds, why_quieter
from tournaments.selectors.auditions import Audition, Candidate, audition
from tournaments.selectors.comparisons import Comparison, comparison
from tournaments.selectors.evolutions import Evolution, evolution
from tournaments.selectors.ratings import Move, moves
from tournaments.selectors.rounds import Rounds, current_battle, rounds

if TYPE_CHECKING:
    from accounts.models import User

# How sure a listener was, in words, by the lower end of each band in percent.
SURENESS = ((85, "certainly"), (60, "quite surely"), (35, "probably"), (0, "slightly"))


@dataclass(frozen=True)
class Side:
    """One of the two mixes as the listener knew it."""

    letter: str
    side: str
    mix: Mix
    mixer: Mixer
    is_winner: bool
    move: Move | None
    deeds: tuple[Deed, ...]
    why_quieter: str


@dataclass(frozen=True)
class NextStep:
    """What comes after this round: a battle that is being prepared or is open, or the result."""

    tournament: Tournament
    number: int
    is_final: bool
    is_open: bool
    is_over: bool
    is_latest: bool


@dataclass(frozen=True)
class Reveal:
    """The page of a decided round."""

    battle: Battle
    vote: Vote
    verdict: str
    sides: tuple[Side, Side]
    eq: EqChart
    comparison: Comparison | None
    listen: Audition | None
    evolution: Evolution | None
    rounds: Rounds
    next: NextStep


def reveal(battle: Battle, listener: User) -> Reveal:
    """Uncover a battle that this listener has judged."""
    vote = Vote.objects.select_related("ballot", "battle__first", "battle__second").get(battle=battle, voter=listener)
    song = battle.tournament.song
    mix_a, mix_b = (battle.second, battle.first) if vote.ballot.is_swapped else (battle.first, battle.second)
    moved = moves(vote)
    winner = winner_of(vote)
    sides = (
        side_of("A", mix_a, winner, moved.get(mix_a.mixer_id)),
        side_of("B", mix_b, winner, moved.get(mix_b.mixer_id)),
    )
    return Reveal(
        battle=battle,
        vote=vote,
        verdict=verdict(vote, sides),
        sides=sides,
        eq=draw_eq([_settings(mix_a).bus, _settings(mix_b).bus], song.sample_rate),
        comparison=comparison(battle, mix_a, mix_b),
        listen=audition(
            song,
            Preview.Region.HIGHLIGHT,
            [
                Candidate(mix_a, "A", mix_a.mixer.nickname, "a"),
                Candidate(mix_b, "B", mix_b.mixer.nickname, "b"),
                Candidate(None, "Original", "your upload", "original"),
            ],
        ),
        evolution=evolution(battle),
        rounds=rounds(battle.tournament, current=battle.number),
        next=next_step(battle),
    )


def next_step(battle: Battle) -> NextStep:
    """Where the listener goes after this round."""
    tournament = battle.tournament
    coming = current_battle(tournament)
    number = coming.number if coming else battle.number + 1
    return NextStep(
        tournament=tournament,
        number=number,
        is_final=number == tournament.n_rounds,
        is_open=coming is not None and coming.state == Battle.State.OPEN,
        is_over=tournament.state != Tournament.State.RUNNING,
        is_latest=number == battle.number + 1,
    )


def side_of(letter: str, mix: Mix, winner: Mix | None, move: Move | None) -> Side:
    """One of two mixes as it is uncovered under the letter that it was heard by."""
    return Side(
        letter=letter,
        side=letter.lower(),
        mix=mix,
        mixer=mix.mixer,
        is_winner=winner == mix,
        move=move,
        deeds=tuple(deeds(_settings(mix), mix.report or {})),
        why_quieter=why_quieter(mix.report or {}),
    )


def _settings(mix: Mix) -> MixSettings:
    return MixSettings.from_dict(mix.console_settings or {})


def winner_of(vote: Vote) -> Mix | None:
    """The mix that a vote is for, if it is for one."""
    return {Vote.Choice.FIRST: vote.battle.first, Vote.Choice.SECOND: vote.battle.second}.get(Vote.Choice(vote.choice))


def verdict(vote: Vote, sides: tuple[Side, Side]) -> str:
    """A vote in a sentence to its voter."""
    if vote.choice == Vote.Choice.TIE:
        return "You could not tell them apart."
    if vote.choice == Vote.Choice.NEITHER:
        return "Neither was acceptable to you."
    letter = next(side.letter for side in sides if side.is_winner)
    sureness = next(word for low, word in SURENESS if vote.confidence >= low)
    return f"You chose {letter}, {sureness}."
