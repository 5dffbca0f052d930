"""What the arena refuses, and why: each with the status that its HTTP answer has, and two sentences to show."""

from __future__ import annotations

from typing import ClassVar

from mixing.errors import MixArenaError


class ArenaError(MixArenaError):
    """The root of this app's refusals."""

    status: ClassVar[int] = 422


class NotYours(ArenaError):
    """Somebody else's song, tournament or ballot."""

    status = 403


class DiskNearlyFull(ArenaError):
    """An upload that the disk may not have room for."""

    status = 507


class SongNotReady(ArenaError):
    """A song that is still being checked, or was found unusable."""

    status = 409


class TooFewMixers(ArenaError):
    """An arena without two mixers to set against each other."""

    status = 503


class InvalidTournament(ArenaError):
    """A number of rounds or a genre that there is not."""


class TournamentFinished(ArenaError):
    """A tournament in which there is nothing left to vote on."""

    status = 409


class TournamentRunning(ArenaError):
    """A tournament whose result is still to come."""

    status = 409


class MixNotHeard(ArenaError):
    """A mix that was not part of the tournament that it is to be taken from."""

    status = 404


class BattleNotOpen(ArenaError):
    """A battle that is still being prepared."""

    status = 409


class MixerRetired(ArenaError):
    """A mixer that was taken out of the arena while its battle was open."""

    status = 409


class BallotClosed(ArenaError):
    """A ballot that was cast, or withdrawn."""

    status = 409


class NotHeardEnough(ArenaError):
    """A vote before both sides were heard."""


class ShareClosed(ArenaError):
    """A link that was taken back, or never was one."""

    status = 404


class TooManyGuests(ArenaError):
    """More votes without an account than one network may begin."""

    status = 429


class InvalidShare(ArenaError):
    """A link that cannot be made, or a name that cannot stand under it."""


class InvalidVote(ArenaError):
    """A choice or a confidence that no ballot offers."""


class AbxClosed(ArenaError):
    """A trial that was answered, or whose test is over."""

    status = 409


class InvalidAbx(ArenaError):
    """A number of trials or an answer that no ABX test has, or a log that cannot be true."""


class SoundGone(ArenaError):
    """Previews that have to be cut again first."""

    status = 503


class InvalidVerdict(ArenaError):
    """A verdict on a listener without a reason."""
