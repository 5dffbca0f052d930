"""Ballots: issuing them, noting what was heard, and committing the vote with everything that follows from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Count

from evolution.models import Mixer
from evolution.services.breedings import request_breeding
from tournaments.draws import generator_of, seed_of
from tournaments.errors import (
    BallotClosed,
    BattleNotOpen,
    InvalidVote,
    MixerRetired,
    NotHeardEnough,
    NotYours,
    TournamentFinished,
)
from tournaments.heard import Segment, Switch, merge, merge_switches, needed_s, total_s
from tournaments.models import Ballot, Battle, Look, Mix, Share, Tournament, Vote
from tournaments.ratings.elo import NEWBORN_BONUS
from tournaments.selectors.figures import wilson
from tournaments.services.breedings import BREED
from tournaments.services.ledger import append_vote, overall_standings
from tournaments.services.records import record_vote
from tournaments.services.tournaments import NOT_COMMITTED, next_battle, tell, void_battle

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

# The listener's clock and the server's do not start in the same instant, and a log travels for a while.
CLOCK_TOLERANCE_S = 1.0
# The slider reads "can't tell" up to here.
MAX_TIE_CONFIDENCE = 5
# A battle of an audience alone is settled by so many preferences at least.
SETTLING_VOTES = 10

_SIDES = ("a", "b")
_DEAD = (Ballot.State.EXPIRED, Ballot.State.VOIDED)


def issue_ballot(*, battle: Battle, voter: User, now: datetime) -> Ballot:
    """The right to judge an open battle; asking again gives the same ballot.

    Raises: NotYours, BattleNotOpen, BallotClosed, TournamentFinished, MixerRetired.
    """
    tournament = battle.tournament
    if tournament.owner_id != voter.pk or tournament.kind != Tournament.Kind.LISTENER:
        raise NotYours("This battle is not yours to judge. Start a tournament of your own.", code="not_yours")
    return _issue(battle, voter, now, kind=Ballot.Kind.LISTENER, state=Ballot.State.ISSUED)


def issue_automatic_ballot(*, battle: Battle, voter: User, now: datetime) -> Ballot:
    """A ballot that a rule votes with: nobody listens, so it is eligible at once, and marked wherever it counts.

    Raises: as `issue_ballot`.
    """
    tournament = battle.tournament
    if tournament.owner_id != voter.pk or tournament.kind != Tournament.Kind.AUTOMATIC:
        raise NotYours(
            "A rule may vote only in a tournament that was started for it. Use `manage.py run_tournament`.",
            code="not_yours",
        )
    return _issue(battle, voter, now, kind=Ballot.Kind.AUTOMATIC, state=Ballot.State.ELIGIBLE)


def issue_audience_ballot(*, share: Share, battle: Battle, voter: User, now: datetime) -> Ballot:
    """The right to judge a battle of somebody else's tournament that is shared; asking again gives the same ballot.

    Args:
        battle: of the share's tournament.
        voter: a listener or a guest.
    Raises: NotYours for one's own tournament, BattleNotOpen, BallotClosed.
    """
    if battle.tournament.owner_id == voter.pk:
        raise NotYours("This is your own tournament. Judge it on its own page.", code="not_yours")
    return _issue(battle, voter, now, kind=Ballot.Kind.AUDIENCE, state=Ballot.State.ISSUED, share=share)


def record_heard(
    *, ballot: Ballot, segments: Mapping[str, Sequence[Segment]], switches: Sequence[Switch] = (), now: datetime
) -> Ballot:
    """Add to the log of what was heard; sending the same again adds nothing.

    A log that claims more time than has passed since the ballot was issued is left out, and counts when it is sent
    again later. A ballot that was cast or withdrawn meanwhile stays as it is.

    Args:
        segments: by side, "a" and "b": stretches [start, end] in seconds from the start of the audition region.
        switches: [seconds since the ballot was issued, "a" or "b"], when the listener changed to a side.
    """
    with transaction.atomic():
        ballot = (
            Ballot.objects.select_for_update(of=("self",)).select_related("battle__tournament__song").get(pk=ballot.pk)
        )
        if ballot.state not in NOT_COMMITTED:
            return ballot
        region_s = _region_s(ballot)
        heard = {side: merge([*ballot.heard.get(side, []), *segments.get(side, [])], region_s) for side in _SIDES}
        allowed_s = (now - ballot.issued_at).total_seconds() + CLOCK_TOLERANCE_S
        if sum(total_s(heard[side]) for side in _SIDES) > allowed_s:
            logger.info("heard more than time allows ballot=%s", ballot.pk)
            return ballot
        is_enough = all(total_s(heard[side]) >= needed_s(region_s) for side in _SIDES)
        ballot.heard = heard
        ballot.switches = merge_switches([*ballot.switches, *switches], allowed_s)
        ballot.state = Ballot.State.ELIGIBLE if is_enough else Ballot.State.LISTENING
        Ballot.objects.filter(pk=ballot.pk, state__in=NOT_COMMITTED).update(
            heard=heard, switches=ballot.switches, state=ballot.state
        )
    return ballot


def required_s(ballot: Ballot) -> float:
    """How many different seconds of each side must be heard before the vote."""
    return needed_s(_region_s(ballot))


def heard_s(ballot: Ballot, side: str) -> float:
    """How many different seconds of a side were heard so far."""
    return total_s(ballot.heard.get(side, []))


def commit_ballot(*, token: str, voter: User, choice: str, confidence: int, now: datetime) -> Vote:
    """Cast a ballot: the vote, the ratings, the breeding and the next battle, all or nothing.

    A vote of an audience moves ratings and nothing else, and a guest's not before there is an account to it. Casting a
    ballot again in the same way gives the same vote.

    Args:
        choice: "a", "b", "tie" or "neither".
        confidence: 0 to 100 %, at most 5 for a tie; of `neither` it says nothing and is kept as 0.
    Raises: InvalidVote, NotYours, NotHeardEnough, BallotClosed, TournamentFinished, MixerRetired.
    """
    ballot = Ballot.objects.select_related("battle__tournament__song").filter(token=token).first()
    if ballot is None or ballot.voter_id != voter.pk:
        raise NotYours("This ballot is not yours. Open your own tournament and vote there.", code="not_yours")
    stored, confidence = _judgement(ballot, choice, confidence)
    if ballot.kind == Ballot.Kind.CHECK:
        raise NotYours("This ballot makes no vote. Answer it in the judging queue.", code="not_yours")
    try:
        with transaction.atomic():
            vote = _commit(ballot, stored, confidence, now)
    except MixerRetired:
        void_battle(ballot.battle_id)
        raise
    return vote or _earlier_vote(ballot, stored, confidence)


def check_blind(battle: Battle, voter_id: int) -> None:
    """Raise BallotClosed for somebody who was shown who is who in somebody else's tournament."""
    if Look.objects.filter(tournament=battle.tournament_id, viewer=voter_id).exists():
        raise BallotClosed(
            "You have seen who is who meanwhile, so this vote would not be blind. Judge another battle.",
            code="not_blind",
        )


def _issue(
    battle: Battle, voter: User, now: datetime, *, kind: Ballot.Kind, state: Ballot.State, share: Share | None = None
) -> Ballot:
    battle = Battle.objects.select_related("tournament", "first", "second").get(pk=battle.pk)
    mine = Ballot.objects.filter(battle=battle, voter=voter).exclude(state__in=_DEAD).exclude(kind=Ballot.Kind.CHECK)
    known = mine.first()
    if known is not None:
        if share is not None and known.share_id != share.pk and known.state in NOT_COMMITTED:
            # The link by which the listener came first may have been taken back.
            known.share = share
            known.save(update_fields=["share"])
        return known
    _check_takes(battle, kind)
    if kind == Ballot.Kind.AUDIENCE:
        check_blind(battle, voter.pk)
    if kind != Ballot.Kind.AUDIENCE and _is_retired(battle):
        void_battle(battle.pk)
        raise _retired()
    generator = generator_of("ballot", battle.tournament.seed, battle.key, voter.pk)
    try:
        with transaction.atomic():
            return Ballot.objects.create(
                battle=battle,
                voter=voter,
                kind=kind,
                state=state,
                share=share,
                is_swapped=bool(generator.random() < 0.5),
                starts_with="a" if generator.random() < 0.5 else "b",
                issued_at=now,
            )
    except IntegrityError:
        # Asked twice at once: the other request was first.
        return mine.get()


def _commit(ballot: Ballot, choice: Vote.Choice, confidence: int, now: datetime) -> Vote | None:
    """Everything that a vote does, in the caller's transaction; None where the ballot cannot be cast (any more)."""
    if not Ballot.objects.filter(pk=ballot.pk, state=Ballot.State.ELIGIBLE).update(
        state=Ballot.State.COMMITTED, committed_at=now
    ):
        return None
    battle = Battle.objects.select_related("tournament__song", "first__mixer", "second__mixer").get(pk=ballot.battle_id)
    if ballot.kind == Ballot.Kind.AUDIENCE:
        return _commit_from_audience(ballot, battle, choice, confidence, now)
    if not Battle.objects.filter(pk=battle.pk, state=Battle.State.OPEN).update(
        state=Battle.State.DECIDED, decided_at=now
    ):
        raise _withdrawn()
    if _is_retired(battle):
        raise _retired()
    vote = Vote.objects.create(
        ballot=ballot, battle=battle, voter_id=ballot.voter_id, choice=choice, confidence=confidence, created_at=now
    )
    append_vote(vote=vote)
    record_vote(vote)
    tell(battle.tournament)
    _request_breeding(battle, choice, confidence / 100.0)
    next_battle(battle.tournament_id)
    logger.info("voted battle=%s ballot=%s", battle.pk, ballot.pk)
    return vote


def _commit_from_audience(ballot: Ballot, battle: Battle, choice: Vote.Choice, confidence: int, now: datetime) -> Vote:
    if battle.state not in Battle.HEARABLE or not Share.objects.filter(ballots=ballot, revoked_at=None).exists():
        raise _withdrawn()
    check_blind(battle, ballot.voter_id)
    vote = Vote.objects.create(
        ballot=ballot, battle=battle, voter_id=ballot.voter_id, choice=choice, confidence=confidence, created_at=now
    )
    if not vote.voter.is_guest:
        append_vote(vote=vote)
        record_vote(vote)
        if battle.tournament.kind == Tournament.Kind.SHOWCASE:
            _settle(battle, now)
    tell(battle.tournament)
    logger.info("voted from the audience battle=%s ballot=%s", battle.pk, ballot.pk)
    return vote


def _settle(battle: Battle, now: datetime) -> None:
    """Decide a battle without an owner by the majority of its counting votes, once that is more than chance."""
    counts = dict(
        Vote.objects.filter(battle=battle, event__is_excluded=False)
        .order_by()
        .values_list("choice")
        .annotate(n=Count("pk"))
    )
    first, second = counts.get(Vote.Choice.FIRST, 0), counts.get(Vote.Choice.SECOND, 0)
    share, low, _ = wilson(max(first, second), first + second)
    if first + second < SETTLING_VOTES or share is None or low is None or low <= 0.5:
        return
    if Battle.objects.filter(pk=battle.pk, state=Battle.State.OPEN).update(state=Battle.State.DECIDED, decided_at=now):
        winner = Vote.Choice.FIRST if first > second else Vote.Choice.SECOND
        _request_breeding(battle, winner, 2.0 * share - 1.0)


def _request_breeding(battle: Battle, choice: Vote.Choice, confidence: float) -> None:
    """Let the loser learn from the winner; nobody learns from a tie or from `neither`.

    Args:
        battle: with its mixes and their mixers.
        confidence: 0 to 1.
    """
    sides: dict[str, tuple[Mix, Mix]] = {
        Vote.Choice.FIRST: (battle.second, battle.first),
        Vote.Choice.SECOND: (battle.first, battle.second),
    }
    if choice not in sides:
        return
    loser, winner = (mix.mixer for mix in sides[choice])
    standings = overall_standings([loser.pk, winner.pk])
    breeding = request_breeding(
        key=battle.key,
        loser=loser,
        winner=winner,
        confidence=confidence,
        rating_gap=standings[winner.pk].rating - standings[loser.pk].rating,
        seed=seed_of("breeding", battle.key),
        genre=battle.tournament.genre,
        newborn_rating=standings[winner.pk].rating + NEWBORN_BONUS,
    )
    BREED.send(breeding.pk)


def check_judgement(choice: str, confidence: int) -> int:
    """The confidence to keep, 0 for `neither`. Raises InvalidVote for what cannot be said on a ballot."""
    if choice not in ("a", "b", "tie", "neither"):
        raise InvalidVote(
            f"There is no choice {choice!r} on a ballot. Vote for a, b, tie or neither.", code="bad_choice"
        )
    if not 0 <= confidence <= 100:
        raise InvalidVote(
            f"A confidence of {confidence} % cannot be. Say how sure you are from 0 to 100 %.", code="bad_confidence"
        )
    if choice == "tie" and confidence > MAX_TIE_CONFIDENCE:
        raise InvalidVote(
            f"A tie cannot be {confidence} % sure of a side. Move the slider to the side that you prefer.",
            code="bad_confidence",
        )
    return 0 if choice == "neither" else confidence


def _judgement(ballot: Ballot, choice: str, confidence: int) -> tuple[Vote.Choice, int]:
    """The vote as it is stored: by the battle's first and second mix."""
    confidence = check_judgement(choice, confidence)
    choices = {
        "a": Vote.Choice.SECOND if ballot.is_swapped else Vote.Choice.FIRST,
        "b": Vote.Choice.FIRST if ballot.is_swapped else Vote.Choice.SECOND,
        "tie": Vote.Choice.TIE,
        "neither": Vote.Choice.NEITHER,
    }
    return choices[choice], confidence


def _earlier_vote(ballot: Ballot, choice: Vote.Choice, confidence: int) -> Vote:
    """The vote of a ballot that could not be cast, if it is the very same. Raises what stands in the way otherwise."""
    vote = Vote.objects.filter(ballot=ballot).first()
    if vote is not None:
        if (vote.choice, vote.confidence) == (choice, confidence):
            return vote
        raise BallotClosed(
            "You have voted on this battle already, and a vote stays. Go on to the next round.", code="voted_already"
        )
    ballot.refresh_from_db(fields=["state", "heard"])
    if ballot.state in _DEAD:
        raise _withdrawn()
    _check_takes(Battle.objects.select_related("tournament").get(pk=ballot.battle_id), Ballot.Kind(ballot.kind))
    raise not_heard_enough(ballot)


def not_heard_enough(ballot: Ballot) -> NotHeardEnough:
    """What a listener is told who votes too early."""
    needed = required_s(ballot)
    heard = " and ".join(f"{heard_s(ballot, side):.1f} s of {side.upper()}" for side in _SIDES)
    return NotHeardEnough(
        f"You have heard {heard}, and a fair vote needs {needed:g} s of each. Listen on, then vote.",
        code="not_heard_enough",
    )


def _check_takes(battle: Battle, kind: Ballot.Kind) -> None:
    """Raise what keeps a battle from being judged. An audience may go on when the owner has decided."""
    if kind == Ballot.Kind.AUDIENCE and battle.state in Battle.HEARABLE:
        return
    if battle.tournament.state != Tournament.State.RUNNING:
        raise TournamentFinished(
            "This tournament is over. Look at its result or start another one.", code="tournament_finished"
        )
    if battle.state == Battle.State.PREPARING:
        raise BattleNotOpen("The two mixes are still being made. Wait a few seconds.", code="battle_not_open")
    if battle.state != Battle.State.OPEN:
        raise _withdrawn()


def _withdrawn() -> BallotClosed:
    return BallotClosed(
        "This battle takes no votes any more. Open the tournament again to see where it stands.", code="battle_closed"
    )


def _is_retired(battle: Battle) -> bool:
    mixers = (battle.first.mixer_id, battle.second.mixer_id)
    return Mixer.objects.filter(pk__in=mixers, state=Mixer.State.RETIRED).exists()


def _retired() -> MixerRetired:
    return MixerRetired(
        "One of the two mixers was retired meanwhile. Open the tournament again: another pair is coming.",
        code="mixer_retired",
    )


def _region_s(ballot: Ballot) -> float:
    """The length of what both sides play: the song's highlight."""
    song = ballot.battle.tournament.song
    if song.highlight_start_s is None or song.highlight_end_s is None:
        raise BattleNotOpen("The song is still being checked. Wait a few seconds.", code="battle_not_open")
    return song.highlight_end_s - song.highlight_start_s
