"""Tournaments: starting them, finding the next pair, and crowning a champion."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.services.credits import charge_tournament, refund_tournament
from evolution.models import Breeding, Mixer
from mixarena.web.live import publish
from mixing.genres import GENRES
from tournaments.draws import SEED_BITS, generator_of
from tournaments.errors import (
    InvalidTournament,
    MixNotHeard,
    NotYours,
    SongNotReady,
    TooFewMixers,
    TournamentRunning,
)
from tournaments.models import Ballot, Battle, Entrant, Mix, Song, Tournament, Vote
from tournaments.ratings.elo import START_VARIANCE, Standing, score_of
from tournaments.ratings.pairing import (
    FLAT,
    Candidate,
    Meeting,
    Pairing,
    best_by_record,
    draw_field,
    draw_pair,
    final_pair,
    strengths,
)
from tournaments.selectors.preferences import leans, liking_points
from tournaments.services.follows import tell_of_crown
from tournaments.services.ledger import genre_standings, overall_standings
from tournaments.services.mixes import request_mixes
from tournaments.services.records import record_finish

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

# An offspring fights two rounds after the battle that it was bred from, so that the round in between can be prepared
# while it is being made, and no pair depends on how fast that was.
ROUNDS_TO_GROW_UP = 2
AUTOMATIC_NAMESPACE = uuid.UUID("6f1f2d0c-5f0e-4c55-9d3a-3f6a0c1f7b52")
NOT_DECIDED = (Battle.State.PREPARING, Battle.State.OPEN)
NOT_COMMITTED = (Ballot.State.ISSUED, Ballot.State.LISTENING, Ballot.State.ELIGIBLE)


def start_tournament(
    *,
    owner: User,
    song: Song,
    genre: str,
    n_rounds: int = Tournament.DEFAULT_ROUNDS,
    kind: Tournament.Kind = Tournament.Kind.LISTENER,
    seed: int | None = None,
) -> Tournament:
    """Open a tournament and prepare its first battle.

    A listener who asks twice before voting gets the same tournament. One of the kind `automatic` takes all its chance
    from the seed, the song's content and how often it was run before.

    Args:
        genre: confirmed by the owner; a key of GENRES.
        seed: not negative, below 2^63; drawn unless given.
    Raises: NotYours, SongNotReady, InvalidTournament, TooFewMixers, OutOfCredits.
    """
    check_length(n_rounds=n_rounds, seed=seed)
    _check(owner, song, genre)
    with transaction.atomic():
        # Whoever asks at the same moment waits here (on SQLite for the write lock that the transaction holds anyway).
        song = Song.objects.select_for_update().get(pk=song.pk)
        if kind == Tournament.Kind.LISTENER:
            unplayed = _unplayed(owner, song, genre, n_rounds)
            if unplayed is not None:
                return unplayed
        seed = secrets.randbits(SEED_BITS) if seed is None else seed
        tournament = Tournament.objects.create(
            public_id=_public_id(song, kind, seed),
            owner=owner,
            song=song,
            genre=genre,
            kind=kind,
            n_rounds=n_rounds,
            seed=seed,
        )
        if kind == Tournament.Kind.LISTENER:
            charge_tournament(user_id=owner.pk, key=str(tournament.pk), title=song.title, now=timezone.now())
        field = _draw_field(tournament)
        Entrant.objects.bulk_create([Entrant(tournament=tournament, mixer=mixer) for mixer in field])
        Song.objects.filter(pk=song.pk, owner=owner).update(genre=genre)
        request_mixes(song=song, mixers=field)
        next_battle(tournament.pk)
    logger.info("started tournament=%s song=%s rounds=%s", tournament.pk, song.pk, n_rounds)
    return tournament


def check_length(*, n_rounds: int, seed: int | None) -> None:
    """Raise InvalidTournament for a number of rounds or a seed that no tournament has."""
    if not Tournament.MIN_ROUNDS <= n_rounds <= Tournament.MAX_ROUNDS:
        raise InvalidTournament(
            f"A tournament has {Tournament.MIN_ROUNDS} to {Tournament.MAX_ROUNDS} rounds, not {n_rounds}. "
            "Choose a number in that range.",
            code="bad_rounds",
        )
    if seed is not None and not 0 <= seed < 2**63:
        raise InvalidTournament(f"A seed is 0 to 2^63 - 1, not {seed}. Choose a number in that range.", code="bad_seed")


def next_battle(tournament_id: int) -> Battle | None:
    """The battle to be judged now, made if need be; asking again changes nothing.

    Returns: None while the offspring that may be in it are still being bred, once the tournament is over, and for a
    showcase, whose battles are all there from the start.
    """
    with transaction.atomic():
        tournament = Tournament.objects.select_for_update(of=("self",)).select_related("song").get(pk=tournament_id)
        if tournament.state != Tournament.State.RUNNING or tournament.kind == Tournament.Kind.SHOWCASE:
            return None
        battles = list(Battle.objects.filter(tournament=tournament).select_related("first", "second"))
        waiting = next((battle for battle in battles if battle.state in NOT_DECIDED), None)
        if waiting is not None:
            return waiting
        decided = [battle for battle in battles if battle.state == Battle.State.DECIDED]
        if len(decided) == tournament.n_rounds:
            _finish(tournament, decided)
            return None
        number = len(decided) + 1
        grown_up = [battle.key for battle in decided if battle.number <= number - ROUNDS_TO_GROW_UP]
        if Breeding.objects.filter(key__in=grown_up, state=Breeding.State.REQUESTED).exists():
            return None
        voided = [battle for battle in battles if battle.state == Battle.State.VOIDED]
        pairing = _pair(tournament, number, decided, voided)
        if pairing is None:
            _end_early(tournament, decided)
            return None
        return _make_battle(tournament, number, pairing, sum(battle.number == number for battle in voided))


def void_battle(battle_id: int) -> bool:
    """Withdraw a battle that cannot be judged fairly, with its ballots, and go on. False if it is over already."""
    with transaction.atomic():
        # Ballots before battles, as a vote does it: two transactions that lock in one order never block each other.
        Ballot.objects.filter(battle=battle_id, battle__state__in=NOT_DECIDED, state__in=NOT_COMMITTED).update(
            state=Ballot.State.VOIDED
        )
        if not Battle.objects.filter(pk=battle_id, state__in=NOT_DECIDED).update(state=Battle.State.VOIDED):
            return False
        battle = Battle.objects.get(pk=battle_id)
        logger.info("voided battle=%s tournament=%s", battle_id, battle.tournament_id)
        next_battle(battle.tournament_id)
    return True


def choose_other(*, tournament: Tournament, mix: Mix) -> Tournament:
    """Take home another mix than the champion's, or the champion's again: any that was judged in the tournament,
    or a version of one that its owner made.

    Raises: TournamentRunning before the result, MixNotHeard for other mixes.
    """
    fought = Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED)
    judged = mix.nudged_from_id or mix.pk
    is_unheard = mix.nudged_from_id is not None and mix.state != Mix.State.READY
    if is_unheard or not (fought.filter(first=judged) | fought.filter(second=judged)).exists():
        raise MixNotHeard(
            "This mix was not part of the tournament. Choose one of those that you judged.", code="mix_not_heard"
        )
    if not Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.FINISHED).update(taken=mix):
        raise TournamentRunning(
            "The tournament still runs. Judge its remaining rounds, then choose a mix.", code="tournament_running"
        )
    tournament.refresh_from_db()
    return tournament


def tell(tournament: Tournament) -> None:
    """Let open pages know, once the transaction is committed, that there is something new."""
    transaction.on_commit(partial(publish, f"tournament:{tournament.public_id}"))


def _check(owner: User, song: Song, genre: str) -> None:
    if song.owner_id != owner.pk and not song.is_demo:
        raise NotYours("This song belongs to somebody else. Upload one of your own.", code="not_yours")
    if song.state in (Song.State.REFUSED, Song.State.FAILED, Song.State.DELETED):
        raise SongNotReady(
            "This song cannot be used, for the reason on its page. Upload another file.", code="song_refused"
        )
    if song.state != Song.State.READY:
        raise SongNotReady(
            "The song is still being checked. Wait a few seconds and start again.", code="song_not_ready"
        )
    if genre not in GENRES:
        raise InvalidTournament(f"There is no genre {genre!r}. Choose one of {', '.join(GENRES)}.", code="bad_genre")


def _unplayed(owner: User, song: Song, genre: str, n_rounds: int) -> Tournament | None:
    return (
        Tournament.objects.filter(
            owner=owner,
            song=song,
            genre=genre,
            n_rounds=n_rounds,
            kind=Tournament.Kind.LISTENER,
            state=Tournament.State.RUNNING,
        )
        .exclude(battles__state=Battle.State.DECIDED)
        .first()
    )


def _public_id(song: Song, kind: Tournament.Kind, seed: int) -> uuid.UUID:
    """Battles are named after it, and breedings draw from their battle's name."""
    if kind == Tournament.Kind.LISTENER:
        return uuid.uuid4()
    earlier = Tournament.objects.filter(kind=kind, seed=seed, song__content_hash=song.content_hash).count()
    return uuid.uuid5(AUTOMATIC_NAMESPACE, f"{seed}/{song.content_hash}/{earlier}")


def _draw_field(tournament: Tournament) -> list[Mixer]:
    living = {mixer.pk: mixer for mixer in Mixer.objects.filter(state=Mixer.State.ACTIVE)}
    standings = overall_standings(list(living)) | genre_standings(list(living), tournament.genre)
    # Votes by a rule have no taste, and their tournaments are repeated exactly.
    found = leans(tournament.owner) if tournament.kind == Tournament.Kind.LISTENER else ()
    candidates = []
    for pk, mixer in living.items():
        standing = standings.get(pk, Standing(mixer.seed_rating, START_VARIANCE))
        liked = standing._replace(rating=standing.rating + liking_points(found, mixer))
        candidates.append(Candidate(pk, liked, mixer.is_champion))
    if len(candidates) < 2:
        raise TooFewMixers(
            "The arena has fewer than two mixers. Let its keeper run `manage.py seed_champions`, then start again.",
            code="too_few_mixers",
        )
    drawn = draw_field(candidates, generator=generator_of("field", tournament.seed, tournament.public_id.hex))
    return [living[pk] for pk in drawn]


def _pair(tournament: Tournament, number: int, decided: Sequence[Battle], voided: Sequence[Battle]) -> Pairing | None:
    broken = Mix.objects.filter(song=tournament.song, nudged_from=None, state=Mix.State.FAILED).values("mixer")
    entrants = list(
        Entrant.objects.filter(tournament=tournament, from_round__lte=number, mixer__state=Mixer.State.ACTIVE)
        .exclude(mixer__in=broken)
        .order_by("from_round", "mixer_id")
    )
    meetings = _meetings(decided)
    field = strengths(dict.fromkeys((entrant.mixer_id for entrant in entrants), FLAT), meetings)
    inaudible = {frozenset((battle.first.mixer_id, battle.second.mixer_id)) for battle in voided}
    if number == tournament.n_rounds:
        newest_first = [entrant.mixer_id for entrant in reversed(entrants) if entrant.from_round > 1]
        return final_pair(field, meetings, offspring=newest_first, inaudible=inaudible)
    attempt = sum(battle.number == number for battle in voided)
    generator = generator_of("pair", tournament.seed, tournament.public_id.hex, number, attempt)
    return draw_pair(field, meetings, inaudible=inaudible, generator=generator)


def _meetings(decided: Sequence[Battle]) -> list[Meeting]:
    choices = dict(Vote.objects.filter(battle__in=decided).values_list("battle", "choice"))
    return [
        Meeting(battle.first.mixer_id, battle.second.mixer_id, score_of(choices[battle.pk]))
        for battle in sorted(decided, key=lambda battle: battle.number)
    ]


def _make_battle(tournament: Tournament, number: int, pairing: Pairing, attempt: int) -> Battle:
    mixers = Mixer.objects.in_bulk([pairing.first, pairing.second])
    mixes = {
        mix.mixer_id: mix
        for mix in request_mixes(song=tournament.song, mixers=[mixers[pairing.first], mixers[pairing.second]])
    }
    battle = Battle.objects.create(
        key=f"{tournament.public_id.hex}-{number}-{attempt}",
        tournament=tournament,
        number=number,
        first=mixes[pairing.first],
        second=mixes[pairing.second],
        is_final=number == tournament.n_rounds,
        is_rematch=pairing.is_rematch,
        pair_probability=pairing.probability,
    )
    tell(tournament)
    transaction.on_commit(partial(_open, battle.pk), robust=True)
    return battle


def _open(battle_id: int) -> None:
    # A battle of mixes that sound alike is voided there, which asks for the next one here.
    from tournaments.services.battles import open_if_ready

    open_if_ready(battle_id)


def _finish(tournament: Tournament, decided: Sequence[Battle]) -> None:
    """Crown the winner of the final; after a tie or `neither` there, the finalist with the better record."""
    final = max(decided, key=lambda battle: battle.number)
    choice = Vote.objects.filter(battle=final).values_list("choice", flat=True).get()
    winner = {Vote.Choice.FIRST.value: final.first, Vote.Choice.SECOND.value: final.second}.get(choice)
    _crown(tournament, winner or _best(decided, [final.first, final.second]))


def _end_early(tournament: Tournament, decided: Sequence[Battle]) -> None:
    """No two mixes are left that differ to the ear: the best of those that were judged wins, if any were."""
    if decided:
        heard = {mix.pk: mix for battle in decided for mix in (battle.first, battle.second)}
        reason = f"After round {len(decided)} no two mixes were left that differ to the ear. The best so far has won."
        _crown(tournament, _best(decided, list(heard.values())), reason=reason)
        return
    reason = "No two mixes of this song can be told apart or made. Try another song."
    now = timezone.now()
    Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.RUNNING).update(
        state=Tournament.State.FAILED, reason=reason, finished_at=now
    )
    refund_tournament(user_id=tournament.owner_id, key=str(tournament.pk), now=now)
    logger.warning("failed tournament=%s", tournament.pk)
    tell(tournament)


def _best(decided: Sequence[Battle], mixes: Sequence[Mix]) -> Mix:
    by_mixer = {mix.mixer_id: mix for mix in mixes}
    ratings = {mixer_id: s.rating for mixer_id, s in overall_standings(list(by_mixer)).items()}
    return by_mixer[best_by_record(_meetings(decided), ratings)]


def _crown(tournament: Tournament, champion: Mix, *, reason: str = "") -> None:
    now = timezone.now()
    Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.RUNNING).update(
        state=Tournament.State.FINISHED, champion=champion, taken=champion, reason=reason, finished_at=now
    )
    record_finish(tournament=tournament, champion=champion, now=now)
    tell_of_crown(tournament=tournament, mixer=champion.mixer, now=now)
    logger.info("finished tournament=%s champion=%s", tournament.pk, champion.pk)
    tell(tournament)
