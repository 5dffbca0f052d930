"""The recipe of a mix: who sees it, what it says, and versions that its owner makes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from evolution.models import Mixer
from mixarena.jobs.queue import local_jobs
from mixing.console.spec import MixSettings
from tests.factories import make_ballot, make_battle, make_tournament, make_user, make_vote
from tests.tournaments.sound import RATE, enter, mixed_song, music, write_music
from tournaments.models import Mix, Tournament
from tournaments.selectors.rounds import live_version
from tournaments.services.mixes import request_mixes

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {"brightness": "0", "loudness": "0", "width": "0", "punch": "0", "strength": "100"}


def finished(path: Path) -> Tournament:
    """A tournament on a real song that is over: its first mix has won."""
    enter("baseline-beast")
    enter("enhanced-enforcer")
    song = mixed_song(write_music(path / "a.wav"))
    first, second = song.mixes.order_by("pk")
    assert song.owner is not None
    tournament = make_tournament(owner=song.owner, song=song)
    make_vote(ballot=make_ballot(battle=make_battle(tournament=tournament, first=first, second=second)))
    Tournament.objects.filter(pk=tournament.pk).update(state="finished", champion=first, taken=first)
    tournament.refresh_from_db()
    return tournament


def address(tournament: Tournament, mix: Mix) -> str:
    return f"/tournaments/{tournament.public_id}/mixes/{mix.public_id}/"


def test_the_recipe_tells_and_a_nudge_makes_a_version(client: Client, tmp_path: Path) -> None:
    tournament = finished(tmp_path)
    owner, mix = tournament.owner, tournament.taken
    assert mix is not None
    client.force_login(owner)
    body = client.get(address(tournament, mix)).content.decode()
    for text in ("What Steady Eddie did", "Loudness after", "Equalizer of the mix bus", "Every parameter"):
        assert text in body
    assert 'name="bus.high_shelf_db"' in body

    before = live_version(tournament.pk)
    own = MixSettings.from_dict(mix.console_settings or {})
    shown = {f"bus.{name}": f"{value:.2f}" for name, value in own.bus.__dict__.items()}
    sent = WORDS | shown | {"brightness": "50", "bus.width_db": "-3,5", "locks": ["dynamics"]}
    with local_jobs() as jobs:
        answer = client.post(address(tournament, mix) + "nudge/", sent)
        changed = Mix.objects.get(nudged_from=mix)
        assert answer.status_code == 302
        assert answer["Location"] == address(tournament, changed)
        waiting = client.get(address(tournament, changed), headers={"hx-request": "true"}).content.decode()
        assert "Rendering your version" in waiting
        jobs.drain()
    changed.refresh_from_db()
    assert changed.state == Mix.State.READY, changed.reason
    settings = MixSettings.from_dict(changed.console_settings or {})
    assert settings.bus.high_shelf_db == pytest.approx(own.bus.high_shelf_db + 1.5)
    assert settings.bus.width_db == -3.5
    assert settings.bus.glue_ratio == own.bus.glue_ratio
    mix.refresh_from_db()
    assert MixSettings.from_dict(mix.console_settings or {}) == own
    assert live_version(tournament.pk) == before

    body = client.get(address(tournament, changed)).content.decode()
    assert "Your version of Steady Eddie" in body
    assert "Version 1" in body
    assert 'value="50"' in body
    assert client.get(address(tournament, changed), headers={"hx-request": "true"})["HX-Refresh"] == "true"
    assert client.post(f"/tournaments/{tournament.public_id}/champion/", {"mix": changed.public_id}).status_code == 302
    tournament.refresh_from_db()
    assert tournament.taken == changed
    assert "your version" in client.get(f"/tournaments/{tournament.public_id}/").content.decode().lower()

    # A version of a version starts from the mixer's own again, what was set by hand stays, and the mixer keeps one mix.
    with local_jobs() as jobs:
        client.post(address(tournament, changed) + "nudge/", WORDS | {"strength": "0"})
        jobs.drain()
    last = MixSettings.from_dict(Mix.objects.filter(nudged_from=mix).latest("pk").console_settings or {})
    assert last.bus.width_db == -3.5
    assert last.bus.high_shelf_db == 0.0
    with local_jobs():
        assert request_mixes(song=mix.song, mixers=list(Mixer.objects.filter(pk=mix.mixer_id))) == [mix]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"strength": "200"}, "Strength: "),
        ({"bus.drive_db": "99"}, "Drive dB (Mix bus): This is out of range."),
        ({"bus.drive_db": "loud"}, "Drive dB (Mix bus): This is no number."),
        ({"bus.drive_db": "nan"}, "Drive dB (Mix bus): This is out of range."),
        ({"locks": ["everything"]}, "Locks: "),
    ],
)
def test_a_wrong_nudge_says_what_is_wrong(client: Client, tmp_path: Path, wrong: dict[str, object], word: str) -> None:
    tournament = finished(tmp_path)
    assert tournament.taken is not None
    client.force_login(tournament.owner)
    answer = client.post(address(tournament, tournament.taken) + "nudge/", WORDS | wrong)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not Mix.objects.filter(nudged_from__isnull=False).exists()


def test_a_refused_nudge_comes_back_as_it_was_sent(client: Client, tmp_path: Path) -> None:
    tournament = finished(tmp_path)
    assert tournament.taken is not None
    client.force_login(tournament.owner)
    by_hand = {"bus.low_shelf_hz": "abc", "bus.width_db": "-3,5"}
    sent = WORDS | by_hand | {"brightness": "45", "locks": ["stereo"]}
    body = client.post(address(tournament, tournament.taken) + "nudge/", sent).content.decode()
    assert "Low shelf Hz (Mix bus): This is no number. Write 40 to 250 Hz." in body
    assert re.search(r'name="bus.low_shelf_hz" value="abc"[^>]* aria-invalid="true"', body)
    assert body.count('aria-invalid="true"') == 1
    for kept in ('name="bus.width_db" value="-3,5"', 'max="100" step="5" value="45"', 'value="stereo" checked'):
        assert kept in body
    assert '<details class="expert" open>' in body


def test_nobody_else_sees_or_changes_it(client: Client, tmp_path: Path) -> None:
    tournament = finished(tmp_path)
    assert tournament.taken is not None
    client.force_login(make_user())
    assert client.get(address(tournament, tournament.taken)).status_code == 404
    assert client.post(address(tournament, tournament.taken) + "nudge/", WORDS).status_code == 404


def test_a_reference_leads_a_version_and_is_deleted(client: Client, tmp_path: Path) -> None:
    tournament = finished(tmp_path)
    assert tournament.taken is not None
    client.force_login(tournament.owner)
    quiet = music(8.0, seed=4) * np.float32(0.6)
    quiet -= np.float32(0.5) * np.roll(quiet, 1, axis=1)
    soundfile.write(tmp_path / "ref.wav", quiet.T, RATE)
    with local_jobs() as jobs:
        sent = SimpleUploadedFile("My Hero.wav", (tmp_path / "ref.wav").read_bytes())
        answer = client.post(address(tournament, tournament.taken) + "nudge/", WORDS | {"reference": sent})
        assert answer.status_code == 302
        version = Mix.objects.get(nudged_from=tournament.taken)
        path = Path(version.reference.path)
        assert path.exists()
        jobs.drain()
    version.refresh_from_db()
    assert version.state == Mix.State.READY, version.reason
    assert not version.reference
    assert not path.exists()
    own = MixSettings.from_dict(tournament.taken.console_settings or {})
    found = MixSettings.from_dict(version.console_settings or {})
    assert found.bus.high_shelf_db != own.bus.high_shelf_db
    assert found.delivery.loudness_lufs != own.delivery.loudness_lufs
    assert (version.report or {})["requested_lufs"] == found.delivery.loudness_lufs
    assert "led by My Hero" in client.get(answer["Location"]).content.decode()
    # Words then start from what the reference led to.
    with local_jobs() as jobs:
        client.post(address(tournament, version) + "nudge/", WORDS | {"brightness": "50"})
        jobs.drain()
    next_one = MixSettings.from_dict(Mix.objects.latest("pk").console_settings or {})
    assert next_one.bus.high_shelf_db == pytest.approx(min(9.0, found.bus.high_shelf_db + 1.5))
    assert next_one.delivery == found.delivery
    letter = SimpleUploadedFile("letter.wav", b"no music " * 100)
    answer = client.post(address(tournament, tournament.taken) + "nudge/", WORDS | {"reference": letter})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "not a WAV" in body
    assert "Export it as one of these" in body
    assert "choose it again" in body
    assert '<details class="expert">' in body
