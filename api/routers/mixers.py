"""Mixers, and the boards that they stand on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Router

from api.paging import Page, Paging, page_of
from api.schemas.fields import Genre
from api.schemas.mixers import BoardLineOut, MixerDetailOut, MixerOut, OfficialBoardOut
from api.sound import sound
from api.tokens import ApiRequest, scoped
from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.selectors.leaderboards import BoardLine, leaderboard, official_board
from tournaments.selectors.mixers import mixer_page
from tournaments.services import follows
from tournaments.views.community import bundle_or_404

router = Router()

Slug = Path(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")

_GENRE_OF_LABEL = {label: genre for genre, label in GENRES.items()}


@router.get("/mixers", response=Page[BoardLineOut], **scoped("read"))
def list_mixers(
    request: HttpRequest,
    paging: Query[Paging],
    genre: Genre | None = Query(None, description="Only mixers that are at home in this genre."),
    architecture: str | None = Query(None, max_length=20),
) -> dict[str, Any]:
    """Living mixers, best first by their overall live rating."""
    lines = [
        line
        for line in leaderboard()
        if (genre is None or genre in line.mixer.genres)
        and (architecture is None or line.mixer.architecture == architecture)
    ]
    return page_of(lines, paging, board_line)


@router.get("/mixers/{slug:slug}", response=MixerDetailOut, **scoped("read"))
def get_mixer(request: HttpRequest, slug: str = Slug) -> dict[str, Any]:
    """One mixer, also a retired one: ratings, measured capabilities, and its family in the direct line."""
    page = mixer_page(get_object_or_404(Mixer, slug=slug))
    return {
        "mixer": page.mixer,
        "description": page.mixer.description,
        "content_hash": page.mixer.content_hash,
        "n_battles": page.n_battles,
        "rating": page.score,
        "genre_ratings": [{"genre": _GENRE_OF_LABEL[row.label], "rating": row.score} for row in page.genre_scores],
        "capabilities": page.mixer.capabilities,
        "lineage": [
            {
                "slug": relative.mixer.slug,
                "nickname": relative.mixer.nickname,
                "relation": relative.relation,
                "generation": relative.mixer.generation,
                "parents": [parent.words for parent in relative.parents],
            }
            for relative in (page.family.kin if page.family else ())
        ],
    }


@router.get("/mixers/{slug:slug}/file", **scoped("read", sends="application/zip"))
def download_mixer(request: HttpRequest, slug: str = Slug) -> HttpResponseBase:
    """A mixer's weights and its whole card with licences and lineage, as a zip; byte ranges are understood."""
    path = bundle_or_404(slug)
    return sound(request, str(path), "application/zip", etag=path.stem[:32], download_name=f"mixarena-{slug}.zip")


@router.put("/mixers/{slug:slug}/follow", response={204: None}, **scoped("account"))
def follow(request: ApiRequest, slug: str = Slug) -> None:
    """Hear when a mixer wins, breeds or retires."""
    follows.follow(user=request.user, mixer=get_object_or_404(Mixer, slug=slug), now=timezone.now())


@router.delete("/mixers/{slug:slug}/follow", response={204: None}, **scoped("account"))
def unfollow(request: ApiRequest, slug: str = Slug) -> None:
    """Hear of it no more."""
    follows.unfollow(user=request.user, mixer=get_object_or_404(Mixer, slug=slug))


@router.get("/boards/live", response=Page[BoardLineOut], **scoped("read"))
def live_board(
    request: HttpRequest,
    paging: Query[Paging],
    genre: Genre | None = Query(None, description="Ratings in this genre instead of the overall ones."),
) -> dict[str, Any]:
    """The live board: it moves with every vote."""
    return page_of(leaderboard(genre or ""), paging, board_line)


@router.get("/boards/official", response=OfficialBoardOut, **scoped("read"))
def official(
    request: HttpRequest,
    genre: Genre | None = Query(None),
    architecture: str | None = Query(None, max_length=20),
) -> dict[str, Any]:
    """The official board: from all listeners' votes together, with 95 % intervals."""
    board = official_board(genre or "", architecture or "")
    return {
        "made_at": board.run.made_at if board.run else None,
        "n_votes": board.run.n_votes if board.run else 0,
        "lines": list(board.lines),
    }


def board_line(line: BoardLine) -> BoardLineOut:
    """A place as it is shown."""
    return BoardLineOut.model_validate(
        {"place": line.place, "mixer": MixerOut.model_validate(line.mixer), "rating": line.score}
    )
