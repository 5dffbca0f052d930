"""One run of the simulated arena: tournaments of five battles, votes, ratings, births, a population, and the reckoning.

The arms differ in one thing each, so that what evolution by votes adds can be told from what chance, selection or more
training would have added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mixing.breeding.outputs import one_thread, rms_distance
from mixing.breeding.population import SIZE, Member, survivors
from mixing.breeding.taste import Comparison, TastePosterior, Votes, learn_taste, lower_bounds
from tournaments.ratings.elo import NEWBORN_BONUS, START_VARIANCE, score_of
from tournaments.ratings.pairing import FLAT, Candidate, Meeting, Pairing, draw_field, draw_pair, final_pair, strengths
from tournaments.ratings.replay import OVERALL, Entry, Judgement, Replay
from tournaments.simulation.births import HEAL_STEPS, average_of, give_birth
from tournaments.simulation.fine_tuning import fine_tuned
from tournaments.simulation.listeners import (
    N_GENRES,
    Heard,
    Listener,
    Taste,
    distances,
    draw_genres,
    draw_listeners,
    judge,
    scale_for_agreement,
)
from tournaments.simulation.world import Agent, World, load_founders, make_world

N_ROUNDS = 5
# From round n + 2 on, as in the arena.
ROUNDS_TO_GROW_UP = 2
N_LISTENERS, N_TEST_LISTENERS = 48, 48
START_RATING = 1300.0
CAPABILITY_NAMES = ("tone", "dynamics", "width")


@dataclass(frozen=True)
class Arm:
    """What one arm does differently.

    Attributes:
        breeds: whether losers learn from winners.
        is_coin: votes are coin flips.
        mutates, has_niches: parts of the full loop.
    """

    name: str
    breeds: bool = True
    is_coin: bool = False
    mutates: bool = True
    has_niches: bool = True


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("frozen champions", breeds=False),
        Arm("founders' average", breeds=False),
        Arm("fine-tuned founder", breeds=False),
        Arm("coin flips", is_coin=True),
        Arm("full loop"),
        Arm("without mutation", mutates=False),
        Arm("without niches", has_niches=False),
    )
}


@dataclass(frozen=True)
class Run:
    """How a run ended.

    Attributes:
        score: share of the way from an average founder (0) to the founder that serves a listener best with the genre's
            taste added exactly (1), on songs and by listeners that took no part in the votes.
        diversity: mean distance between the living, as a share of the founders'.
        rejected_share: of the breedings.
        n_births: that passed the gate.
    """

    arm: str
    seed: int
    n_votes: int
    score: float
    diversity: float
    rejected_share: float
    n_births: int

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


def run_arm(name: str, *, seed: int, n_votes: int, models: Path) -> Run:
    """Run one arm. The same seed gives every arm the same listeners, genres and songs."""
    with one_thread():
        return Arena(ARMS[name], seed=seed, models=models).run(n_votes)


class Arena:
    """The state of a run."""

    def __init__(self, arm: Arm, *, seed: int, models: Path) -> None:
        torch.manual_seed(seed)
        self.arm, self.seed = arm, seed
        self.world: World = make_world(models)
        self.founders = load_founders(self.world)
        shared = np.random.default_rng([seed, 1])
        self.genres: list[Taste] = draw_genres(shared)
        self.listeners = draw_listeners(self.genres, N_LISTENERS, shared)
        self.judges = draw_listeners(self.genres, N_TEST_LISTENERS, shared, first_key=N_LISTENERS)
        self.scale = self._scale()
        self.rng = np.random.default_rng([seed, 2])
        self.living: dict[int, Agent] = {founder.key: founder for founder in self.founders}
        self.replay = Replay()
        for founder in self.founders:
            self.replay.step(Entry(founder.key, START_RATING, START_VARIANCE))
        self.styles = [founder.style for founder in self.founders]
        self.comparisons: list[Comparison] = []
        self.n_born = len(self.founders)
        self.n_rejected = self.n_breedings = 0

    def run(self, n_votes: int) -> Run:
        """Hold tournaments until there are enough votes, and reckon."""
        left = n_votes
        while left > 0:
            left -= self._tournament(left)
        if self.arm.name == "founders' average":
            serving = [average_of(self.founders, seed=self.seed)] * N_GENRES
        elif self.arm.name == "fine-tuned founder":
            # As many steps as the full loop's births would have taken, if every vote had been decided.
            best = [self._best(genre) for genre in range(N_GENRES)]
            tuned = {agent.key: fine_tuned(agent, n_steps=n_votes * HEAL_STEPS, seed=self.seed) for agent in best}
            serving = [tuned[agent.key] for agent in best]
        else:
            serving = [self._best(genre) for genre in range(N_GENRES)]
        return Run(
            arm=self.arm.name,
            seed=self.seed,
            n_votes=n_votes,
            score=self._score(serving),
            diversity=_spread(list(self.living.values())) / _spread(self.founders),
            rejected_share=self.n_rejected / max(1, self.n_breedings),
            n_births=self.n_born - len(self.founders),
        )

    def _tournament(self, n_left: int) -> int:
        listener = self.listeners[int(self.rng.integers(len(self.listeners)))]
        song = int(self.rng.integers(self.world.voted.n))
        board = self.replay.board
        genre = _name(listener.genre)
        candidates = [
            Candidate(key, board.get((key, genre), board[key, OVERALL]), agent.is_champion)
            for key, agent in self.living.items()
        ]
        entrants = dict.fromkeys(draw_field(candidates, generator=self.rng), 1)
        meetings: list[Meeting] = []
        for number in range(1, min(N_ROUNDS, n_left) + 1):
            pairing = self._pair(entrants, meetings, number)
            if pairing is None:
                return max(1, len(meetings))
            meetings.append(self._battle(pairing, listener, song, entrants, number))
        self._make_room()
        return len(meetings)

    def _pair(self, entrants: dict[int, int], meetings: Sequence[Meeting], number: int) -> Pairing | None:
        grown = [key for key, first_round in entrants.items() if first_round <= number]
        field = strengths(dict.fromkeys(grown, FLAT), meetings)
        if number == N_ROUNDS:
            newest = [key for key in reversed(grown) if entrants[key] > 1]
            return final_pair(field, meetings, offspring=newest, inaudible=())
        return draw_pair(field, meetings, inaudible=(), generator=self.rng)

    def _battle(
        self, pairing: Pairing, listener: Listener, song: int, entrants: dict[int, int], number: int
    ) -> Meeting:
        agents = self.living[pairing.first], self.living[pairing.second]
        first, second = (self._distance(agent, listener.taste, song) for agent in agents)
        opinion = judge(first, second, listener, self.scale, self.rng, is_coin=self.arm.is_coin)
        self.replay.step(
            Judgement(
                pairing.first, pairing.second, opinion.choice, opinion.confidence, _name(listener.genre), listener.key
            )
        )
        score = score_of(opinion.choice)
        assert score is not None  # noqa: S101 - listeners here always have an opinion
        self.comparisons.append(Comparison(pairing.first, pairing.second, score, _name(listener.genre)))
        if self.arm.breeds and opinion.choice in ("first", "second"):
            winner, loser = agents if opinion.choice == "first" else reversed(agents)
            taste = self._taste(_name(listener.genre)) if self.arm.mutates else None
            self._breed(loser, winner, opinion.confidence / 100.0, taste, entrants, number)
        return Meeting(pairing.first, pairing.second, score)

    def _breed(
        self,
        loser: Agent,
        winner: Agent,
        confidence: float,
        taste: TastePosterior | None,
        entrants: dict[int, int],
        number: int,
    ) -> None:
        board = self.replay.board
        after = board[winner.key, OVERALL].rating
        offspring = give_birth(
            loser,
            winner,
            list(self.living.values()),
            key=self.n_born,
            confidence=confidence,
            rating_gap=after - board[loser.key, OVERALL].rating,
            seed=int(self.rng.integers(2**31)),
            taste=taste,
        )
        self.n_breedings += 1
        if offspring is None:
            self.n_rejected += 1
            return
        self.living[offspring.key] = offspring
        self.styles.append(offspring.style)
        self.replay.step(Entry(offspring.key, after + NEWBORN_BONUS, START_VARIANCE))
        entrants[offspring.key] = number + ROUNDS_TO_GROW_UP
        self.n_born += 1

    def _make_room(self) -> None:
        if len(self.living) <= SIZE:
            return
        bounds = lower_bounds(self._votes(), np.array([agent.style for agent in self.living.values()]))
        members = [
            Member(
                key=key,
                is_champion=agent.is_champion,
                born=key,
                n_votes=self.replay.board[key, OVERALL].n_votes,
                lower_bound=float(bounds[None][row]),
                capabilities=self._capabilities(agent),
                by_genre={genre: float(bound[row]) for genre, bound in bounds.items() if genre is not None},
            )
            for row, (key, agent) in enumerate(self.living.items())
        ]
        kept = survivors(members, has_niches=self.arm.has_niches)
        self.living = {key: agent for key, agent in self.living.items() if key in kept}

    def _capabilities(self, agent: Agent) -> dict[str, float]:
        """Where a mixer lies beside the founders, in their standard deviations: brightness, density and width."""
        own = _traits(agent)
        theirs = np.array([_traits(founder) for founder in self.founders])
        scores = (own - theirs.mean(axis=0)) / (theirs.std(axis=0) + 1e-6)
        names = [f"{sign}{name}" for name in CAPABILITY_NAMES for sign in ("more ", "less ")]
        return dict(zip(names, [value for score in scores for value in (score, -score)], strict=True))

    def _best(self, genre: int) -> Agent:
        """Whom the votes say that listeners of a genre like most."""
        agents = list(self.living.values())
        liking, _ = self._taste(_name(genre)).liking(np.array([agent.style for agent in agents]))
        return agents[int(np.argmax(liking))]

    def _taste(self, genre: str) -> TastePosterior:
        return learn_taste(self._votes(), genre)

    def _votes(self) -> Votes:
        return Votes(np.array(self.styles), range(len(self.founders)), self.comparisons)

    def _distance(self, agent: Agent, taste: Taste, song: int) -> float:
        row = slice(song, song + 1)
        songs = self.world.voted
        mix, clean = (Heard(*(part[row] for part in heard)) for heard in (agent.voted, songs.clean))
        return float(distances(mix, clean, songs.weights[row], taste)[0])

    def _test_distance(self, agent: Agent, taste: Taste) -> float:
        songs = self.world.tested
        return float(distances(agent.tested, songs.clean, songs.weights, taste).mean())

    def _score(self, serving: Sequence[Agent]) -> float:
        start, end, reached = [], [], []
        for listener in self.judges:
            start.append(np.mean([self._test_distance(founder, listener.taste) for founder in self.founders]))
            reached.append(self._test_distance(serving[listener.genre], listener.taste))
            end.append(min(self._with_taste(founder, listener) for founder in self.founders))
        return float((np.mean(start) - np.mean(reached)) / (np.mean(start) - np.mean(end)))

    def _with_taste(self, founder: Agent, listener: Listener) -> float:
        """The distance that remains when a founder's mixes are moved by exactly what the genre wants."""
        songs, shared = self.world.tested, self.genres[listener.genre]
        moved = Heard(
            founder.tested.mid_db + shared.tone_db,
            founder.tested.width_db + shared.width_db,
            founder.tested.spread_db * shared.spread_factor,
        )
        return float(distances(moved, songs.clean, songs.weights, listener.taste).mean())

    def _scale(self) -> float:
        """Calibrated on the founders' mixes for this run's listeners."""
        songs = self.world.voted
        table = np.array(
            [
                [distances(founder.voted, songs.clean, songs.weights, listener.taste) for founder in self.founders]
                for listener in self.listeners
            ]
        )
        n = len(self.founders)
        gaps = [table[:, a] - table[:, b] for a in range(n) for b in range(a)]
        return scale_for_agreement(np.concatenate([gap.ravel() for gap in gaps]))


def _traits(agent: Agent) -> np.ndarray:
    heard = agent.voted
    clean = agent.world.voted.clean
    tone = (heard.mid_db - clean.mid_db)[:, 20:].mean() - (heard.mid_db - clean.mid_db)[:, 5:12].mean()
    return np.array([tone, -(heard.spread_db - clean.spread_db).mean(), (heard.width_db - clean.width_db).mean()])


def _spread(agents: Sequence[Agent]) -> float:
    pairs = [rms_distance(a.at_gate[0], b.at_gate[0]) for i, a in enumerate(agents) for b in agents[:i]]
    return float(np.mean(pairs)) if pairs else 0.0


def _name(genre: int) -> str:
    return f"genre {genre}"
