"""Songs, their mixes, tournaments and battles, ballots and votes, and the ledger that ratings are a function of."""

from tournaments.models.abx import AbxTest, AbxTrial
from tournaments.models.analytics import DailyArena, DailyListener, DailyMixer, RollupMark, WeeklyCohort
from tournaments.models.battles import Ballot, Battle, Entrant, Tournament, Vote, new_token
from tournaments.models.checks import Anchor, Check, ListenerVerdict, QueueItem
from tournaments.models.follows import Follow, TasteReset
from tournaments.models.ledger import BoardRow, BoardRun, LedgerCounter, LedgerEvent, Rating, RatingChange
from tournaments.models.mixes import Album, AlbumTrack, Export, Mix, Preview
from tournaments.models.shares import Clip, Look, Share, ShareEvent
from tournaments.models.songs import Analysis, Song, Stem

__all__ = [
    "AbxTest",
    "AbxTrial",
    "Album",
    "AlbumTrack",
    "Analysis",
    "Anchor",
    "Ballot",
    "Battle",
    "BoardRow",
    "BoardRun",
    "Check",
    "Clip",
    "DailyArena",
    "DailyListener",
    "DailyMixer",
    "Entrant",
    "Export",
    "Follow",
    "LedgerCounter",
    "LedgerEvent",
    "ListenerVerdict",
    "Look",
    "Mix",
    "Preview",
    "QueueItem",
    "Rating",
    "RatingChange",
    "RollupMark",
    "Share",
    "ShareEvent",
    "Song",
    "Stem",
    "TasteReset",
    "Tournament",
    "Vote",
    "WeeklyCohort",
    "new_token",
]
