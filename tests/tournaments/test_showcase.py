"""Demo battles: open to strangers, settled by the majority, and bred from like any other."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.names import HOUSE
from evolution.models import Breeding
from tests.factories import NOW, make_ballot, make_mix, make_song, make_user
from tournaments.errors import ArenaError
from tournaments.models import Ballot, Battle, Share, Song, Tournament
from tournaments.services.ballots import SETTLING_VOTES, commit_ballot
from tournaments.services.showcase import open_showcase
from tournaments.services.tournaments import next_battle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def song() -> Song:
    song = make_song(is_demo=True)
    for _ in range(3):
        make_mix(song=song)
    return song


def judge(battle: Battle, choice: str) -> None:
    ballot = make_ballot(
        battle=battle, voter=make_user(), kind=Ballot.Kind.AUDIENCE, share=battle.tournament.shares.get()
    )
    commit_ballot(token=ballot.token, voter=ballot.voter, choice=choice, confidence=80, now=NOW)


def test_every_pair_fights_once_and_for_ever(song: Song) -> None:
    showcase = open_showcase(song=song)
    assert open_showcase(song=song) == showcase
    pairs = {frozenset((battle.first_id, battle.second_id)) for battle in showcase.battles.all()}
    assert len(pairs) == showcase.battles.count() == 3
    assert next_battle(showcase.pk) is None
    showcase.refresh_from_db()
    assert showcase.state == Tournament.State.RUNNING


def test_a_clear_majority_decides_and_breeds_once(song: Song) -> None:
    battle = open_showcase(song=song).battles.first()
    assert battle is not None
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.OPEN, level_lufs=-18.0)
    for i in range(SETTLING_VOTES):
        battle.refresh_from_db()
        assert battle.state == Battle.State.OPEN
        judge(battle, "b" if i else "a")
    breeding = Breeding.objects.get()
    assert (breeding.key, breeding.winner) == (battle.key, battle.second.mixer)
    assert breeding.confidence == pytest.approx(0.8)
    judge(battle, "a")
    battle.refresh_from_db()
    assert battle.state == Battle.State.DECIDED
    assert Breeding.objects.count() == 1


def test_an_even_crowd_settles_nothing(song: Song) -> None:
    battle = open_showcase(song=song).battles.first()
    assert battle is not None
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.OPEN, level_lufs=-18.0)
    for i in range(SETTLING_VOTES + 2):
        judge(battle, "ab"[i % 2])
    battle.refresh_from_db()
    assert battle.state == Battle.State.OPEN
    assert not Breeding.objects.exists()


def test_the_first_page_offers_a_stranger_a_blind_battle(client: Client, song: Song) -> None:
    assert "Judge a blind battle now" not in client.get("/").content.decode()
    showcase = open_showcase(song=song)
    showcase.battles.update(state=Battle.State.OPEN, level_lufs=-18.0)
    share = Share.objects.get()
    body = client.get("/").content.decode()
    assert f"/s/{share.token}/rounds/1/judge/" in body
    stage = client.post(f"/s/{share.token}/rounds/1/judge/", follow=True).content.decode()
    assert "data-vote" in stage
    assert not any(mix.mixer.nickname in stage for mix in song.mixes.all())
    client.force_login(make_user())
    assert "Judge a blind battle now" not in client.get("/").content.decode()


def test_a_listener_of_the_arenas_name_is_not_handed_its_battles(song: Song) -> None:
    namesake = make_user(HOUSE)
    with pytest.raises(ArenaError, match="another username"):
        open_showcase(song=song)
    assert not Tournament.objects.exists()
    namesake.username = "somebody"
    namesake.save(update_fields=["username"])
    owner = open_showcase(song=song).owner
    assert owner != namesake
    assert not owner.has_usable_password()
