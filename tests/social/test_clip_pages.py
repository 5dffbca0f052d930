"""What is posted: pictures that name nobody, and clips that owners ask for."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client
from django.utils import timezone
from PIL import Image

from mixarena.jobs.queue import local_jobs
from social.services import clips
from social.services.clips import KEPT_FOR, sweep_clips
from tests.factories import NOW, make_battle, make_preview, make_tournament, make_user
from tournaments.models import Battle, Clip
from tournaments.services.departures import delete_song
from tournaments.services.sharing import share_battle, share_mix, share_tournament

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def battle() -> Battle:
    """Two sides of 24 s: noise, once with less treble."""
    found = make_battle(tournament=make_tournament(owner=make_user("ada")))
    noise = np.random.default_rng(1).normal(0, 0.1, (24 * 8000, 2)).astype(np.float32)
    for name, mix, sound in (("one", found.first, noise), ("two", found.second, noise * 0.9)):
        file = f"previews/{name}.wav"
        path = Path(default_storage.path(file))
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound, 8000)
        make_preview(song=found.tournament.song, mix=mix, file=file)
    return found


def fetch(client: Client, address: str) -> tuple[int, bytes]:
    async def ask() -> tuple[int, bytes]:
        listener = AsyncClient()
        listener.cookies = client.cookies
        answer: Any = await listener.get(address)
        if not answer.streaming:
            return answer.status_code, answer.content
        return answer.status_code, b"".join([part async for part in answer.streaming_content])

    return asyncio.run(ask())


def test_every_link_has_its_picture(client: Client, battle: Battle) -> None:
    tournament = battle.tournament
    links = (
        share_tournament(tournament=tournament, name="", is_public=False, now=NOW),
        share_battle(battle=battle, name="Somebody", now=NOW),
        share_mix(tournament=tournament, mix=battle.first, name="", now=NOW),
    )
    drawn = set()
    for link in links:
        address = f"/s/{link.token}/picture.png"
        assert address in client.get(f"/s/{link.token}/").content.decode()
        picture = client.get(address)
        assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
        assert client.get(address).content == picture.content
        drawn.add(picture.content)
    assert len(drawn) == 3


def test_an_owner_has_a_clip_made_and_takes_it(client: Client, battle: Battle) -> None:
    address = f"/tournaments/{battle.tournament.public_id}/sharing/clips/1/"
    client.force_login(battle.tournament.owner)
    with local_jobs() as jobs:
        assert "Making the clip" in client.post(address, headers={"hx-request": "true"}).content.decode()
        client.post(address)
        jobs.drain()
    clip = Clip.objects.get()
    assert (clip.state, clip.reason) == (Clip.State.READY, "")
    assert f"/clips/{clip.pk}/audio/" in client.get(address).content.decode()
    status, sound = fetch(client, f"/clips/{clip.pk}/audio/")
    assert status == 200
    heard, rate = soundfile.read(io.BytesIO(sound))
    assert len(heard) / rate == pytest.approx(20.0, abs=0.5)
    assert not any(mix.mixer.nickname.encode() in sound for mix in (battle.first, battle.second))
    assert client.get(f"/clips/{clip.pk}/picture.png").status_code == 200
    assert fetch(client, f"/clips/{clip.pk}/video/")[0] == (200 if clip.video else 404)
    stranger = Client()
    stranger.force_login(make_user())
    assert fetch(stranger, f"/clips/{clip.pk}/audio/")[0] == 404
    assert stranger.get(f"/clips/{clip.pk}/picture.png").status_code == 404
    assert stranger.post(address).status_code == 404

    sweep_clips(now=clip.requested_at + KEPT_FOR / 2)
    assert Clip.objects.exists()
    sweep_clips(now=clip.requested_at + 2 * KEPT_FOR)
    assert not Clip.objects.exists()
    assert "Make a clip to post" in client.get(address).content.decode()
    assert not default_storage.exists(str(clip.audio.name))


def test_nothing_is_left_of_a_song_that_goes_while_its_clip_is_made(
    client: Client, battle: Battle, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(battle.tournament.owner)
    write = clips.write_mp3

    def write_and_lose(cut: Path, sound: Path) -> None:
        write(cut, sound)
        delete_song(song=battle.tournament.song, now=NOW)

    monkeypatch.setattr(clips, "write_mp3", write_and_lose)
    with local_jobs() as jobs:
        client.post(f"/tournaments/{battle.tournament.public_id}/sharing/clips/1/")
        jobs.drain()
    # The page that waits for it hears that there is no more to wait for.
    waiting = client.get(f"/tournaments/{battle.tournament.public_id}/sharing/clips/1/", headers={"hx-request": "true"})
    assert waiting.status_code == 286
    assert "is gone" in waiting.content.decode()
    folder = Path(default_storage.path("clips"))
    assert not list(folder.iterdir())
    (folder / "left.mp4").write_bytes(b"x")
    sweep_clips(now=timezone.now())
    assert (folder / "left.mp4").exists()
    sweep_clips(now=timezone.now() + 2 * clips.ORPHANED_AFTER)
    assert not list(folder.iterdir())


def test_a_clip_that_fails_says_why_and_can_be_tried_again(client: Client, battle: Battle) -> None:
    address = f"/tournaments/{battle.tournament.public_id}/sharing/clips/1/"
    client.force_login(battle.tournament.owner)
    sounds = battle.tournament.song.previews.all()
    sounds.update(state="queued")
    with local_jobs() as jobs:
        client.post(address)
        jobs.drain()
        assert "being cut anew" in client.get(address).content.decode()
        sounds.update(state="ready")
        client.post(address)
        jobs.drain()
    assert Clip.objects.get().state == Clip.State.READY
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.PREPARING)
    assert client.post(address).status_code == 422
