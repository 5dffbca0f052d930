"""What the API sends, to the byte, and what must not be in it before the vote."""

from __future__ import annotations

import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from mixing.console.spec import MixSettings
from tests.factories import make_battle, make_mix, make_mixer, make_preview
from tournaments.models import Ballot, Battle, Tournament

ALL_OF_IT = [[0.0, 6.0]]


def listen(ballot: dict[str, Any]) -> None:
    """Let half a minute pass."""
    Ballot.objects.filter(token=ballot["token"]).update(issued_at=timezone.now() - timedelta(seconds=30))


def body_of(answer: Any) -> bytes:
    """Of sounds, too, which are streamed for an event loop that the test client does not have."""
    if not answer.streaming:
        return bytes(answer.content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return b"".join(answer)


def everything(answer: Any) -> bytes:
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
    return head + b"\n" + body_of(answer)


def secrets_of(battle: Battle) -> set[str]:
    """Names, identifiers and settings of both sides."""
    found: set[str] = set()
    for mix in (battle.first, battle.second):
        mixer = mix.mixer
        found |= {mixer.nickname, mixer.name, mixer.slug, mixer.content_hash, str(mix.public_id), mix.public_id.hex}
        found |= {str(mixer.pk).rjust(9, "!"), "1.2345", "2.2345"}
        found |= {Path(preview.file.path).name for preview in mix.previews.all()}
    return found


def make_sounding(tournament: Tournament, number: int = 1, **fields: Any) -> Battle:
    """An open battle whose two sides sound and are set differently; the files are equally long."""
    mixes = []
    for i in range(2):
        settings = MixSettings().to_dict()
        settings["bus"]["drive_db"] = 1.2345 + i
        nickname = f"Nick {tournament.pk}-{number}-{'xy'[i]}"
        mix = make_mix(song=tournament.song, mixer=make_mixer(nickname=nickname), console_settings=settings)
        content = ContentFile(b"RIFF" + bytes([64 + number, i]) * 50)
        make_preview(song=mix.song, mix=mix, file=default_storage.save(f"previews/{mix.public_id.hex}.wav", content))
        mixes.append(mix)
    return make_battle(tournament=tournament, first=mixes[0], second=mixes[1], number=number, **fields)
