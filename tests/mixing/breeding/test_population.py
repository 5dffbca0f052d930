"""Who goes on living when there is no room for all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.breeding.population import N_PROBATION, PROBATION_VOTES, SIZE, Member, survivors

NAMES = ("dynamics", "warmth", "width")


@st.composite
def populations(draw: st.DrawFn) -> list[Member]:
    n_champions, n_others = draw(st.integers(0, 6)), draw(st.integers(0, 50))
    return [
        Member(
            key=key,
            is_champion=key < n_champions,
            born=key,
            n_votes=draw(st.integers(0, 40)),
            lower_bound=draw(st.floats(800, 1800)),
            capabilities={name: draw(st.floats(-3, 3)) for name in NAMES},
        )
        for key in range(n_champions + n_others)
    ]


@settings(deadline=None)
@given(populations(), st.data())
def test_the_promises_hold_for_every_population(members: list[Member], data: st.DataObject) -> None:
    protected = data.draw(st.sets(st.sampled_from([m.key for m in members]), max_size=4)) if members else set()
    kept = survivors(members, protected=protected)
    champions = {m.key for m in members if m.is_champion}
    assert champions | protected <= kept <= {m.key for m in members}
    assert len(kept) <= max(SIZE, len(champions | protected))
    assert len(kept) == len(members) or len(kept) >= SIZE
    gone = [m for m in members if m.key not in kept]
    young = sorted((m for m in members if not m.is_champion and m.n_votes < PROBATION_VOTES), key=lambda m: -m.born)
    assert not {m.key for m in young[:N_PROBATION]} & {m.key for m in gone}
    best = max(members, key=lambda m: m.lower_bound, default=None)
    assert best is None or best.key in kept


def crowd(n: int, niche: str, lower_bound: float, first_key: int) -> list[Member]:
    return [
        Member(first_key + i, False, first_key + i, 50, lower_bound + i, {name: float(name == niche) for name in NAMES})
        for i in range(n)
    ]


def test_the_best_of_a_small_niche_outlives_better_ones_of_a_crowded_niche() -> None:
    warm, wide = crowd(30, "warmth", 1400.0, 0), crowd(2, "width", 1100.0, 100)
    kept = survivors([*warm, *wide])
    assert 101 in kept
    assert 100 not in kept
    assert 101 not in survivors([*warm, *wide], has_niches=False)


def test_the_best_of_a_genre_outlives_those_who_please_everybody_a_little() -> None:
    crowd_ = crowd(30, "warmth", 1400.0, 0)
    loved = Member(300, False, 0, 50, 1000.0, {"warmth": 1.0}, {"jazz": 1500.0})
    second = Member(301, False, 0, 50, 1000.0, {"warmth": 1.0}, {"jazz": 1490.0})
    assert survivors([*crowd_, loved, second]) & {300, 301} == {300}
    assert 300 not in survivors([*crowd_, loved, second], has_niches=False)


def test_a_newborn_has_its_chance_and_then_must_be_good() -> None:
    old = crowd(30, "warmth", 1400.0, 0)
    newborn = Member(200, False, 200, PROBATION_VOTES - 1, 900.0, {"warmth": 1.0})
    assert 200 in survivors([*old, newborn])
    heard = Member(200, False, 200, PROBATION_VOTES, 900.0, {"warmth": 1.0})
    assert 200 not in survivors([*old, heard])
