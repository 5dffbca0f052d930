"""An arena with something on each of its pages, made of rows and a few seconds of noise: nothing is mixed or bred."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import Award, Notice, Referral, User
from accounts.services.tokens import create_token
from evolution.models import Breeding, Mixer, Parentage, Submission
from mixing.breeding.profile import CAPABILITIES
from mixing.console.spec import MixSettings, StripSettings
from social.services import queue
from tests.factories import (
    NOW,
    make_ballot,
    make_battle,
    make_breeding,
    make_mix,
    make_mixer,
    make_preview,
    make_song,
    make_tournament,
    make_user,
    make_vote,
)
from tests.tournaments.sound import write_music
from tournaments.models import (
    AbxTrial,
    Album,
    AlbumTrack,
    Analysis,
    Ballot,
    Clip,
    Export,
    Mix,
    Preview,
    Song,
    Stem,
    Tournament,
    Vote,
)
from tournaments.services.abx import answer_trial, start_test
from tournaments.services.follows import follow
from tournaments.services.ledger import append_birth, append_vote
from tournaments.services.official import compute_board
from tournaments.services.rollups import bring_up_to_date
from tournaments.services.sharing import share_battle, share_mix, share_tournament

SOUND_S = 6.0
# The days in which everything happens, as the pages of numbers are asked for them.
DAYS = "?since=2026-01-01&until=2026-01-31"
# The factories' password.
PASSWORD = "secret"
PEAKS = [[-40 - 8 * (i % 9) for i in range(300)], [38 + 8 * (i % 9) for i in range(300)]]
FOUND = {
    "tempo_bpm": 112.3,
    "tempo_confidence": 0.74,
    "key": "C major",
    "key_confidence": 0.7,
    "loudness_lufs": -19.7,
    "range_lu": 7.5,
    "true_peak_dbtp": -4.8,
    "crest_db": 16.5,
    "plr_db": 14.9,
    "width_db": -11.9,
    "centroid_hz": 3544.7,
    "third_octaves_db": [-12.0 - 0.8 * band for band in range(28)],
    "faults": [],
}
HEARD: Mapping[str, Sequence[tuple[float, float]]] = {side: [(0.0, 2.0)] for side in "abx"}


@dataclass(frozen=True)
class FullArena:
    """Who visits, and where there is something to see.

    Attributes:
        sessions: cookies' values by username. "careful" has a second step, "bare" no password, "curator" may look
            at the arena's numbers.
        totp_secret: of careful's second step.
        pages: addresses by the name of their view; of views that are not here, the only one.
    """

    sessions: Mapping[str, str]
    totp_secret: str
    pages: Mapping[str, Sequence[str]]


def fill(folder: Path) -> FullArena:
    """Make the rows and the sound.

    Args:
        folder: for what is written on the way.
    """
    sound = default_storage.path("previews/page.wav")
    Path(sound).parent.mkdir(parents=True, exist_ok=True)
    write_music(Path(sound), SOUND_S)
    ann, ben = make_user("ann", email="ann@example.org"), make_user("ben")
    mixers = _mixers()
    song = _song(ann, "Harbor Lights", peaks=PEAKS)
    finished, votes = _played(song, mixers, n_rounds=3, n_played=3)
    running, _ = _played(_song(ann, "Second Wind"), mixers, n_rounds=5, n_played=1)
    failed = make_tournament(
        owner=ann, song=song, state=Tournament.State.FAILED, reason="Its upload could not be read."
    )
    others, _ = _played(_song(ben, "Somebody Else’s"), mixers, n_rounds=5, n_played=1)
    stems = _stems(ann, mixers[0])
    pages = {
        "tournaments:song": [
            _at("song", song),
            _at("song", stems.song),
            _at("song", make_song(owner=ann, state=Song.State.UPLOADED)),
            _at("song", make_song(owner=ann, state=Song.State.REFUSED, refusal="The file holds nothing but silence.")),
        ],
        "tournaments:delete-song": [_at("delete-song", song)],
        "tournaments:album": [_album(ann, mixers[0], [song, stems.song])],
        "tournaments:tournament": [_at("tournament", finished), _at("tournament", failed)],
        "tournaments:battle": [_at("battle", running)],
        "tournaments:reveal": [reverse("tournaments:reveal", args=[running.public_id, 1])],
        "tournaments:recipe": _recipes(finished, stems),
        "tournaments:abx": _abx(votes),
        "tournaments:mixers": [reverse("tournaments:mixers"), reverse("tournaments:mixers") + "?board=official"],
        "tournaments:mixer": [reverse("tournaments:mixer", args=[mixer.slug]) for mixer in (mixers[0], mixers[-1])],
        "tournaments:family": [reverse("tournaments:family"), reverse("tournaments:family") + "?as=table"],
        "tournaments:people": [reverse("tournaments:people"), reverse("tournaments:people") + "?by=reliability"],
        "tournaments:own-analytics": [reverse("tournaments:own-analytics") + DAYS],
        "tournaments:person": [reverse("tournaments:person", args=["ann"])],
        "social:sharing": [reverse("social:sharing", args=[finished.public_id])],
        **_shared(finished, running, others),
        "social:judged": [_judged(ann, share) for share in (1.0, 0.0)],
        **_account(ann),
    }
    _others(ann, mixers)
    compute_board(now=NOW, n_rounds=20)
    bring_up_to_date(now=NOW + timedelta(days=1))
    careful = make_user("careful")
    # The server knows no hasher of the tests.
    careful.password = Argon2PasswordHasher().encode(PASSWORD, "some salt")
    careful.save()
    secret = generate_totp_secret()
    TOTP.activate(careful, secret)
    RecoveryCodes.activate(careful)
    bare = make_user("bare")
    bare.set_unusable_password()
    bare.save()
    visitors = (ann, careful, bare, make_user("curator", is_staff=True))
    return FullArena({user.username: _session(user) for user in visitors}, secret, pages)


def _session(user: User) -> str:
    """Of somebody who has logged in by password just now."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "username": user.username}]
    session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _at(name: str, row: Any) -> str:
    return reverse(f"tournaments:{name}", args=[row.public_id])


def _mixers() -> list[Mixer]:
    """Two founders and their offspring, measured."""
    card = {"training": {"songs": 429, "hours": 23.2, "packages": {"my-own": ["CC-BY-4.0"]}, "limits": "No vocals."}}
    mixers = [
        make_mixer(
            nickname=name,
            slug=name.lower().replace(" ", "-"),
            description="Conservative and stable.",
            capabilities=dict.fromkeys(CAPABILITIES, 0.4 * at),
            card=card,
            genres=["rock"],
        )
        for at, name in enumerate(("Steady Eddie", "Modern Muscle"), start=1)
    ]
    child = make_mixer(nickname="Young Muscle", slug="young", is_champion=False, generation=1, is_rated=False)
    for parent, role in zip(mixers, ("loser", "winner"), strict=True):
        Parentage.objects.create(child=child, parent=parent, role=role, share=0.5)
    append_birth(mixer=child, breeding_key="by-hand")
    return [*mixers, child]


def _song(owner: User, title: str, **fields: Any) -> Song:
    """A song that was analyzed, with the sound of its upload."""
    song = make_song(owner=owner, title=title, highlight_start_s=0.0, highlight_end_s=SOUND_S, **fields)
    Analysis.objects.create(song=song, state=Analysis.State.READY, result=FOUND)
    _cuts(song, None)
    return song


def _cuts(song: Song, mix: Mix | None) -> None:
    measures = {
        "peaks": PEAKS,
        "third_octaves_db": [-20.0 - band % 5 - (mix.pk if mix else 0) % 3 for band in range(28)],
    }
    for region in Preview.Region.values:
        make_preview(song=song, mix=mix, region=region, file="previews/page.wav", measures=measures)


def _mix(song: Song, mixer: Mixer, **fields: Any) -> Mix:
    mix = make_mix(song=song, mixer=mixer, **fields)
    mix.report = {**(mix.report or {}), "gain_reduction": [float(i % 4) for i in range(64)]}
    mix.save(update_fields=["report"])
    _cuts(song, mix)
    return mix


def _played(song: Song, mixers: list[Mixer], *, n_rounds: int, n_played: int) -> tuple[Tournament, list[Vote]]:
    """A tournament of a song's owner: so many rounds are decided, and the next one is open."""
    mixes = [_mix(song, mixer) for mixer in mixers[:2]]
    tournament = make_tournament(owner=song.owner, song=song, mixers=mixers[:2], n_rounds=n_rounds)
    votes = []
    for number in range(1, min(n_rounds, n_played + 1) + 1):
        battle = make_battle(tournament=tournament, number=number, first=mixes[0], second=mixes[1])
        if number <= n_played:
            votes.append(make_vote(ballot=make_ballot(battle=battle)))
            append_vote(vote=votes[-1])
            make_breeding(battle=battle, state=Breeding.State.REJECTED, reason="It was a copy.", finished_at=NOW)
    if n_played == n_rounds:
        Tournament.objects.filter(pk=tournament.pk).update(
            state=Tournament.State.FINISHED, champion=mixes[0], taken=mixes[0], finished_at=NOW
        )
        tournament.refresh_from_db()
    return tournament, votes


def _stems(owner: User, mixer: Mixer) -> Tournament:
    """A song of two stems, and its finished tournament."""
    song = _song(owner, "Harbor Lights, stems", n_stems=2, peaks=PEAKS)
    for position, role in enumerate(("drums", "vocals")):
        Stem.objects.create(
            song=song, position=position, name=role, file="songs/x.wav", container="WAV", sample_rate=44_100,
            channels=2, duration_s=60.0, role=role, role_confidence=0.6,
        )  # fmt: skip
    mix = _mix(song, mixer, console_settings=MixSettings(strips=(StripSettings(),) * 2).to_dict())
    done = {"is_silent": False, "output_lufs": -21.0, "gain_reduction": [1.0, 2.0]}
    mix.report = {**(mix.report or {}), "strips": [done, done]}
    mix.save(update_fields=["report"])
    tournament = make_tournament(owner=owner, song=song, n_rounds=3)
    make_vote(ballot=make_ballot(battle=make_battle(tournament=tournament, first=mix, second=_mix(song, make_mixer()))))
    Tournament.objects.filter(pk=tournament.pk).update(
        state=Tournament.State.FINISHED, champion=mix, taken=mix, finished_at=NOW
    )
    tournament.refresh_from_db()
    return tournament


def _recipes(finished: Tournament, stems: Tournament) -> list[str]:
    """Of a mix, of a version of it, and of a song of stems."""
    origin = finished.champion
    assert origin is not None
    version = _mix(finished.song, origin.mixer, nudged_from=origin, nudge={"brightness": -0.6})
    Export.objects.create(
        mix=origin,
        format="wav24",
        state=Export.State.READY,
        file="exports/x.wav",
        loudness_lufs=-14.0,
        true_peak_dbtp=-1.0,
    )
    Export.objects.create(mix=origin, format="mp3", state=Export.State.FAILED, reason="The disk is full. Try later.")
    Export.objects.create(mix=origin, format="flac")
    return [
        reverse("tournaments:recipe", args=[tournament.public_id, mix.public_id])
        for tournament, mix in ((finished, origin), (finished, version), (stems, stems.champion))
        if mix is not None
    ]


def _abx(votes: list[Vote]) -> list[str]:
    """Before the first test, in a trial, and after a test."""
    test = start_test(vote=votes[1], n_trials=8, now=NOW)
    for number in range(1, 9):
        trial = AbxTrial.objects.select_related("test__vote__battle__tournament__song", "test__vote__ballot").get(
            test=test, number=number
        )
        answer_trial(trial=trial, answer="a", segments=HEARD, now=NOW + number * timedelta(minutes=1))
    start_test(vote=votes[2], n_trials=8, now=NOW)
    return [reverse("tournaments:abx", args=[vote.ballot.token]) for vote in votes]


def _album(owner: User, mixer: Mixer, songs: list[Song]) -> str:
    album = Album.objects.create(
        owner=owner, mixer=mixer, title="First Light", state=Album.State.READY, file="albums/x.zip"
    )
    for position, song in enumerate(songs, start=1):
        AlbumTrack.objects.create(album=album, song=song, position=position, loudness_lufs=-14.0, true_peak_dbtp=-1.1)
    return _at("album", album)


def _shared(finished: Tournament, running: Tournament, others: Tournament) -> dict[str, list[str]]:
    """Links of each kind, judged by somebody and not, and a clip."""
    whole = [share_tournament(tournament=one, name="", is_public=True, now=NOW) for one in (finished, running, others)]
    battle = finished.battles.get(number=2)
    assert finished.champion is not None
    links = [
        share_battle(battle=battle, name="Somebody", now=NOW),
        share_mix(tournament=finished, mix=finished.champion, name="", now=NOW),
    ]
    Clip.objects.create(
        battle=battle,
        is_swapped=False,
        signature="ann",
        address="example.org",
        state=Clip.State.READY,
        audio="clips/x.wav",
    )
    make_vote(ballot=make_ballot(battle=battle, voter=make_user(), kind=Ballot.Kind.AUDIENCE, share=whole[0]))
    return {
        "social:shared": [reverse("social:shared", args=[link.token]) for link in [*whole, *links]],
        "social:battle": [reverse("social:battle", args=[whole[0].token, 1])],
    }


def _judged(listener: User, check_share: float) -> str:
    """What the queue gives next, judged: a check of the ears, or a battle."""
    with patch.object(queue, "CHECK_SHARE", check_share):
        item = queue.next_item(listener=listener, looked_at=[], now=NOW)
    assert item is not None
    Ballot.objects.filter(pk=item.ballot_id).update(
        state=Ballot.State.ELIGIBLE, heard={"a": [[0.0, 6.0]], "b": [[0.0, 6.0]]}
    )
    queue.answer(item=item, token=item.ballot.token, voter=listener, choice="a", confidence=90, now=NOW)
    return reverse("social:judged", args=[item.number])


def _account(ann: User) -> dict[str, list[str]]:
    """What mails lead to."""
    address = EmailAddress.objects.create(user=ann, email=ann.email, primary=True)
    key = f"{user_pk_to_url_str(ann)}-{default_token_generator.make_token(ann)}"
    return {
        "account_confirm_email": [reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])],
        "account_reset_password_from_key": [
            reverse("account_reset_password_from_key", args=key.split("-", 1)),
            reverse("account_reset_password_from_key", args=["1", "no-key"]),
        ],
        "accounts:join": [reverse("accounts:join", args=[ann.referral_code])],
    }


def _others(ann: User, mixers: list[Mixer]) -> None:
    """What stands on ann's own pages, and on the boards."""
    Notice.objects.create(user=ann, kind=Notice.Kind.PROMOTION, title="Amateur", text="From now on.", created_at=NOW)
    Award.objects.create(user=ann, slug="first-vote", earned_at=NOW)
    Referral.objects.create(inviter=ann, friend=make_user("cleo"), created_at=NOW)
    create_token(user=ann, name="script", scopes=["read"], expires_at=None, now=NOW)
    follow(user=ann, mixer=mixers[-1], now=NOW)
    Submission.objects.create(author=ann, nickname="Soft", card="", state="rejected", reason="A copy.", created_at=NOW)
