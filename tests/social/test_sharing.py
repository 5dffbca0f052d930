"""Links: who opens what, that strangers judge before they see, and what becomes of their votes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import Activity, User
from tests.factories import NOW, make_ballot, make_battle, make_preview, make_tournament, make_user, make_vote
from tournaments.errors import InvalidShare
from tournaments.models import Ballot, Battle, LedgerEvent, Preview, Rating, Share, ShareEvent, Tournament, Vote
from tournaments.services.departures import delete_song
from tournaments.services.ledger import differences_from_replay
from tournaments.services.sharing import revoke, share_battle, share_mix, share_tournament

pytestmark = pytest.mark.django_db(transaction=True)
HEARD = json.dumps({"a": [[0.0, 6.0]], "b": [[0.0, 6.0]]})


@pytest.fixture
def battle() -> Battle:
    """The owner has chosen the first mix; both sides and the upload have sound."""
    found = make_battle(tournament=make_tournament(owner=make_user("ada")))
    for mix in (found.first, found.second, None):
        name = default_storage.save("previews/x.wav", ContentFile(b"RIFF sound"))
        make_preview(song=found.tournament.song, mix=mix, file=name)
    make_vote(ballot=make_ballot(battle=found))
    found.refresh_from_db()
    return found


@pytest.fixture
def share(battle: Battle) -> Share:
    return share_tournament(tournament=battle.tournament, name="", is_public=True, now=NOW)


def finish(tournament: Tournament, battle: Battle) -> None:
    Tournament.objects.filter(pk=tournament.pk).update(
        state=Tournament.State.FINISHED, champion=battle.first, taken=battle.first, finished_at=NOW
    )


def round_url(share: Share, rest: str = "") -> str:
    return f"/s/{share.token}/rounds/1/{rest}"


def judge(client: Client, share: Share, choice: str = "b", confidence: int = 90) -> Any:
    """Open the round, listen long enough, and vote."""
    client.get(round_url(share))
    ballot = Ballot.objects.filter(kind=Ballot.Kind.AUDIENCE).latest("pk")
    Ballot.objects.filter(pk=ballot.pk).update(issued_at=NOW)
    sent = {"choice": choice, "confidence": confidence, "segments": HEARD}
    return client.post(round_url(share, f"vote/{ballot.token}/"), sent, headers={"hx-request": "true"})


def hear(client: Client, address: str) -> int:
    async def ask() -> int:
        listener = AsyncClient()
        listener.cookies = client.cookies
        return (await listener.get(address)).status_code

    return asyncio.run(ask())


def sounds(battle: Battle, share: Share) -> dict[str, str]:
    names = {battle.first_id: "first", battle.second_id: "second", None: "upload"}
    return {names[row.mix_id]: f"/s/{share.token}/sound/{row.pk}.wav" for row in Preview.objects.all()}


def names_of(battle: Battle) -> set[str]:
    return {name for mix in (battle.first, battle.second) for name in (mix.mixer.nickname, mix.mixer.slug)}


def test_a_stranger_judges_blind_then_sees_everything(client: Client, battle: Battle, share: Share) -> None:
    address = sounds(battle, share)
    for path in (f"/s/{share.token}/", round_url(share)):
        body = client.get(path).content.decode()
        assert not any(name in body for name in names_of(battle))
        assert "ada" in body
    assert not User.objects.filter(is_guest=True).exists()
    assert [hear(client, address[name]) for name in ("first", "second", "upload")] == [404, 404, 404]

    assert client.post(round_url(share, "judge/")).status_code == 302
    stage = client.get(round_url(share)).content.decode()
    assert "data-vote" in stage
    assert not any(name in stage for name in names_of(battle))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    assert hear(client, f"/ballots/{ballot.token}/a.wav") == 200
    assert hear(Client(), f"/ballots/{ballot.token}/a.wav") == 302

    seen = judge(client, share)
    assert seen.status_code == 200
    body = seen.content.decode()
    assert all(name in body for name in names_of(battle))
    assert "2 listeners" in body
    assert [hear(client, address[name]) for name in ("first", "second", "upload")] == [200, 200, 200]
    assert [hear(Client(), address[name]) for name in ("first", "upload")] == [404, 404]
    battle.refresh_from_db()
    assert battle.votes.count() == 2
    assert "You chose B" in client.get(round_url(share)).content.decode()


@pytest.mark.parametrize("name", ["MixArena", "The Mixarena Crew", "Curator", "M1xArena"])
def test_nobody_signs_a_link_as_the_arena_or_its_staff(battle: Battle, name: str) -> None:
    with pytest.raises(InvalidShare, match="Choose another one"):
        share_tournament(tournament=battle.tournament, name=name, is_public=True, now=NOW)
    assert share_tournament(tournament=battle.tournament, name="Ada & the Arenas", is_public=True, now=NOW).pk


def test_a_vote_needs_enough_listening(client: Client, share: Share) -> None:
    client.post(round_url(share, "judge/"))
    client.get(round_url(share))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    sent = {"choice": "a", "confidence": 90, "segments": HEARD}
    answer = client.post(round_url(share, f"vote/{ballot.token}/"), sent)
    assert answer.status_code == 422
    assert not Vote.objects.filter(ballot=ballot).exists()


def test_a_guests_vote_counts_once_there_is_an_account(client: Client, battle: Battle, share: Share) -> None:
    client.post(round_url(share, "judge/"))
    judge(client, share)
    vote = Vote.objects.get(ballot__kind=Ballot.Kind.AUDIENCE)
    assert not LedgerEvent.objects.filter(vote=vote).exists()
    before = dict(Rating.objects.values_list("pk", "rating"))

    client.post(f"/s/{share.token}/visit/")
    client.post(f"/s/{share.token}/visit/")
    sent = {"username": "grace", "email": "", "password1": "a long enough one 7", "password2": "a long enough one 7"}
    assert client.post("/accounts/signup/", sent).status_code == 302
    vote.refresh_from_db()
    assert vote.voter.username == "grace"
    assert LedgerEvent.objects.filter(vote=vote).exists()
    assert dict(Rating.objects.values_list("pk", "rating")) != before
    assert Activity.objects.filter(user=vote.voter, kind=Activity.Kind.VOTED).count() == 1
    assert not User.objects.filter(is_guest=True).exists()
    assert differences_from_replay() == []
    kinds = list(ShareEvent.objects.values_list("kind", flat=True))
    assert kinds == [ShareEvent.Kind.VISIT, ShareEvent.Kind.SIGNUP]


def test_nobody_votes_twice_by_being_a_guest_first(client: Client, battle: Battle, share: Share) -> None:
    known = make_user("known")
    other = Client()
    other.force_login(known)
    judge(other, share, "a")
    client.post(round_url(share, "judge/"))
    judge(client, share)
    owner = Client()
    owner.post(round_url(share, "judge/"))
    judge(owner, share)
    assert Vote.objects.filter(battle=battle).count() == 4
    client.post("/accounts/login/", {"login": "known", "password": "secret"})
    owner.post("/accounts/login/", {"login": "ada", "password": "secret"})
    assert sorted(Vote.objects.values_list("voter__username", flat=True)) == ["ada", "known"]
    assert not User.objects.filter(is_guest=True).exists()


def test_a_vote_of_the_audience_moves_ratings_and_nothing_else(client: Client, battle: Battle, share: Share) -> None:
    listener = make_user()
    client.force_login(listener)
    before = (Battle.objects.count(), battle.tournament.state)
    judge(client, share)
    vote = Vote.objects.get(voter=listener)
    assert LedgerEvent.objects.get(vote=vote).payload["ballot"] == "audience"
    battle.tournament.refresh_from_db()
    assert (Battle.objects.count(), battle.tournament.state) == before
    again = client.post(
        round_url(share, f"vote/{vote.ballot.token}/"), {"choice": "b", "confidence": 90, "segments": HEARD}
    )
    assert again.status_code == 302
    assert Vote.objects.filter(voter=listener).count() == 1


def test_who_looks_first_can_no_longer_vote(client: Client, battle: Battle, share: Share) -> None:
    client.post(round_url(share, "judge/"))
    client.get(round_url(share))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    answer = client.post(f"/s/{share.token}/look/", {"next": round_url(share)})
    assert answer["Location"] == round_url(share)
    body = client.get(round_url(share)).content.decode()
    assert all(name in body for name in names_of(battle))
    assert hear(client, sounds(battle, share)["second"]) == 200
    Ballot.objects.filter(pk=ballot.pk).update(issued_at=NOW)
    sent = {"choice": "a", "confidence": 90, "segments": HEARD}
    assert client.post(round_url(share, f"vote/{ballot.token}/"), sent).status_code == 409
    assert not Vote.objects.filter(ballot=ballot).exists()
    assert (
        client.post(f"/s/{share.token}/look/", {"next": "https://elsewhere.example/"})["Location"]
        == f"/s/{share.token}/"
    )


def test_what_was_seen_stays_seen(client: Client, battle: Battle, share: Share) -> None:
    """Not by another link's address, another session, or an account that the stranger makes afterwards."""
    listener = make_user("eve")
    client.force_login(listener)
    client.get(round_url(share))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    Ballot.objects.filter(pk=ballot.pk).update(issued_at=NOW)
    other = make_battle()
    elsewhere = share_tournament(tournament=other.tournament, name="", is_public=True, now=NOW)
    sent = {"choice": "a", "confidence": 90, "segments": HEARD}
    assert client.post(round_url(elsewhere, f"vote/{ballot.token}/"), sent).status_code == 404
    client.post(f"/s/{share.token}/look/")
    client.logout()
    client.force_login(listener)
    assert client.post(round_url(share, f"vote/{ballot.token}/"), sent).status_code == 409
    assert not Vote.objects.filter(voter=listener).exists()

    stranger = Client()
    stranger.post(f"/s/{share.token}/look/")
    stranger.post(round_url(share, "judge/"))
    assert all(name in stranger.get(round_url(share)).content.decode() for name in names_of(battle))
    stranger.post("/accounts/login/", {"login": "ada", "password": "secret"})
    assert not Ballot.objects.filter(voter__is_guest=True).exists()


def test_an_owner_sees_nothing_early_by_the_own_link(client: Client, battle: Battle, share: Share) -> None:
    battle.votes.all().delete()
    Battle.objects.filter(pk=battle.pk).update(state=Battle.State.OPEN)
    client.force_login(battle.tournament.owner)
    client.post(f"/s/{share.token}/look/")
    assert client.get(round_url(share)).status_code == 302
    assert client.get(round_url(share, "crowd/")).status_code == 409
    assert hear(client, sounds(battle, share)["second"]) == 404


def test_an_address_for_forms_says_so(client: Client, share: Share) -> None:
    answer = client.get(f"/s/{share.token}/look/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Go back" in answer.content.decode()


@pytest.mark.parametrize("log", ["[" * 3000 + "]" * 3000, json.dumps({"a": [[0, 10**400]], "b": []})])
def test_a_forged_log_is_refused(client: Client, share: Share, log: str) -> None:
    client.post(round_url(share, "judge/"))
    client.get(round_url(share))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    assert client.post(f"/ballots/{ballot.token}/heard/", {"segments": log}).status_code == 422


def test_the_result_is_told_to_those_who_judged_all(client: Client, battle: Battle, share: Share) -> None:
    finish(battle.tournament, battle)
    mine = sounds(battle, share)["first"]
    body = client.get(f"/s/{share.token}/").content.decode()
    assert "mixed by" not in body
    client.post(round_url(share, "judge/"))
    judge(client, share)
    body = client.get(f"/s/{share.token}/").content.decode()
    assert f"{battle.first.mixer.nickname}</a></p>" in body
    assert mine in body


def test_a_link_that_was_taken_back_opens_nothing(client: Client, battle: Battle, share: Share) -> None:
    client.post(round_url(share, "judge/"))
    client.get(round_url(share))
    ballot = Ballot.objects.get(kind=Ballot.Kind.AUDIENCE)
    revoke(share=share, now=timezone.now())
    Ballot.objects.filter(pk=ballot.pk).update(issued_at=NOW)
    sent = {"choice": "a", "confidence": 90, "segments": HEARD}
    assert client.post(round_url(share, f"vote/{ballot.token}/"), sent).status_code == 404
    for path in ("", "rounds/1/"):
        answer = client.get(f"/s/{share.token}/{path}")
        assert answer.status_code == 404
        assert "taken it back" in answer.content.decode()
    assert hear(client, f"/ballots/{ballot.token}/a.wav") == 404
    assert hear(client, sounds(battle, share)["upload"]) == 404
    assert not client.get("/listen/").content.decode().count(share.token)
    assert share_tournament(tournament=battle.tournament, name="", is_public=False, now=NOW).token != share.token


def test_a_deleted_song_takes_its_links_with_it(client: Client, battle: Battle, share: Share) -> None:
    delete_song(song=battle.tournament.song, now=NOW)
    assert client.get(f"/s/{share.token}/").status_code == 404
    assert not Share.objects.exists()


def test_one_battle_or_one_mix_shows_no_other(client: Client, battle: Battle) -> None:
    other = make_battle(tournament=battle.tournament, number=2)
    link = share_battle(battle=battle, name="The Band", now=NOW)
    assert "shared by The Band" in client.get(f"/s/{link.token}/").content.decode()
    assert client.get(f"/s/{link.token}/rounds/{other.number}/").status_code == 404
    finish(battle.tournament, battle)
    mix = share_mix(tournament=battle.tournament, mix=battle.first, name="", now=NOW)
    body = client.get(f"/s/{mix.token}/").content.decode()
    assert battle.first.mixer.nickname in body
    assert client.get(f"/s/{mix.token}/rounds/1/").status_code == 404
    heard = sounds(battle, mix)
    assert [hear(client, heard[name]) for name in ("first", "upload", "second")] == [200, 200, 404]
    # Who has heard the winner by itself knows it in the battle.
    assert battle.first.mixer.nickname in client.get(f"/s/{link.token}/").content.decode()


def test_the_owner_chooses_who_sees_it(client: Client, battle: Battle) -> None:
    owner, tournament = battle.tournament.owner, battle.tournament
    address = f"/tournaments/{tournament.public_id}/sharing/"
    client.force_login(owner)
    assert client.get(address).status_code == 200
    assert client.post(address, {"visibility": "link", "name": "  A \u202eBand "}).status_code == 302
    share = Share.objects.get(revoked_at=None)
    assert (share.signature, share.is_public) == ("A Band", False)
    assert "Saved: whoever has the link" in client.get(address).content.decode()
    assert share.token not in Client().get("/listen/").content.decode()
    client.post(address, {"visibility": "public", "name": ""})
    share.refresh_from_db()
    assert (share.signature, share.is_public) == ("ada", True)
    assert share.token in Client().get("/listen/").content.decode()
    assert share.token in Client().get("/people/ada/").content.decode()
    client.post(address, {"visibility": "public", "name": "Nobody you know"})
    assert share.token not in Client().get("/people/ada/").content.decode()
    refused = client.post(address, {"visibility": "public", "name": "x" * 41})
    assert refused.status_code == 422
    client.post(address, {"visibility": "private"})
    assert Client().get(f"/s/{share.token}/").status_code == 404
    client.post(f"{address}battle/1/", {"name": ""})
    link = Share.objects.get(kind=Share.Kind.BATTLE)
    assert link.token in client.get(address).content.decode()
    client.post(f"{address}revoke/", {"token": link.token})
    assert Client().get(f"/s/{link.token}/").status_code == 404
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"visibility": "public"}).status_code == 404
    assert stranger.post(f"{address}battle/1/").status_code == 404


def test_a_name_that_is_refused_is_said_at_its_field_and_nothing_typed_is_lost(client: Client, battle: Battle) -> None:
    finish(battle.tournament, battle)
    address = f"/tournaments/{battle.tournament.public_id}/sharing/"
    client.force_login(battle.tournament.owner)
    refused = client.post(address, {"visibility": "public", "name": "MixArena Team"})
    body = refused.content.decode()
    assert refused.status_code == 422
    assert 'value="MixArena Team"' in body and 'value="public"' in body.split("checked")[0].rpartition("<input")[2]
    assert "id_name_error" in body and "Choose another one." in body
    for part, label in (("battle/1/", "Round 1"), (f"mix/{battle.first.public_id}/", battle.first.mixer.nickname)):
        for name, why in (("Curator", "Choose another one."), ("y" * 41, "Choose a shorter one.")):
            refused = client.post(f"{address}{part}", {"name": name})
            form = refused.content.decode().split(f"<strong>{label}</strong>")[1].split("</form>")[0]
            assert refused.status_code == 422
            assert f'value="{name}"' in form and 'aria-invalid="true"' in form and why in form
    preparing = make_battle(tournament=battle.tournament, number=2, state=Battle.State.PREPARING)
    refused = client.post(f"{address}battle/{preparing.number}/", {"name": ""})
    assert "nothing to hear of this battle" in refused.content.decode()
    assert "The whole tournament" in refused.content.decode()
    assert not Share.objects.exists()


@pytest.mark.parametrize("state", ["running", "finished"])
def test_who_has_looked_is_not_asked_to_judge(client: Client, battle: Battle, share: Share, state: str) -> None:
    second = make_battle(tournament=battle.tournament, number=2)
    if state == "finished":
        finish(battle.tournament, battle)
    client.post(round_url(share, "judge/"))
    judge(client, share)
    page, pulse = f"/s/{share.token}/", round_url(share, "pulse/")
    assert "Judge the next battle" in client.get(page).content.decode()
    client.post(f"/s/{share.token}/look/")
    body = client.get(page).content.decode()
    assert not any(words in body for words in ("Judge the", "judge blind", "without judging", "without knowing"))
    assert "judged by you" in body and "look at it" in body
    for path in (pulse, round_url(share)):
        body = client.get(path).content.decode()
        assert "Round 2 is open: look at it" in body and "judge it" not in body
    assert "Who was who" in client.get(f"/s/{share.token}/rounds/{second.number}/").content.decode()


def test_what_a_vote_moved_is_said_to_each_as_it_is(client: Client, battle: Battle, share: Share) -> None:
    """The owner's vote moved both mixers; nobody else's page may say that nothing moved."""
    looker = Client()
    looker.post(f"/s/{share.token}/look/")
    body = looker.get(round_url(share)).content.decode()
    assert "fighter__rating" not in body
    client.post(round_url(share, "judge/"))
    body = judge(client, share).content.decode()
    assert body.count("Your vote counts once you have an account.") == 2
    assert "rating moved" not in body
    listener = Client()
    listener.force_login(make_user("grace"))
    judge(listener, share, "neither")
    assert listener.get(round_url(share)).content.decode().count("Your vote did not move this rating.") == 2


def test_the_words_beside_the_bars_fit_one_listener(client: Client, battle: Battle, share: Share) -> None:
    client.post(f"/s/{share.token}/look/")
    body = client.get(round_url(share)).content.decode()
    assert "1 listener, blind, with A and B drawn by lot." in body
