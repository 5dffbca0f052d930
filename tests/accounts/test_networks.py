"""Invitations between those who were only seen on one network: they wait, and nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from accounts.errors import InvalidDecision
from accounts.models import Activity, Referral, User
from accounts.networks import network_of
from accounts.services.credits import balance_of
from accounts.services.curation import decide_referral
from accounts.services.networks import networks_of
from accounts.services.referrals import FRIEND_CREDITS, INVITER_CREDITS
from tests.accounts.test_people import invite, verify, vote
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db
HOME, CAFE = "8.8.4.4", "9.9.9.9"


def log_in(user: User, address: str) -> Client:
    client = Client(REMOTE_ADDR=address)
    assert client.post(reverse("account_login"), {"login": user.username, "password": "secret"}).status_code == 302
    return client


class Browser(AsyncClient):
    """One that comes from an address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def _base_scope(self, **request: Any) -> Any:
        return super()._base_scope(client=[self.address, 0], **request)  # type: ignore[misc]


def do_something(client: Client, address: str) -> None:
    """As uvicorn does, by the asynchronous way through the middleware."""
    browser = Browser(address)
    browser.cookies = client.cookies
    assert async_to_sync(browser.post)(reverse("accounts:seen"), {"upto": 0}).status_code == 302


@pytest.fixture
def pair() -> tuple[Client, Client, Referral]:
    """Browsers of an inviter and a friend, both at home, and the invitation, for which nothing else is missing."""
    inviter, friend = make_user("anna"), make_user("ben")
    browsers = log_in(inviter, HOME), log_in(friend, HOME)
    referral = invite(inviter, friend)
    verify(friend, "ben@example.org")
    vote(friend, 5)
    return *browsers, referral


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.4.4", "8.8.4.4/32"),
        ("::ffff:8.8.4.4", "8.8.4.4/32"),
        ("2a00:1450:4001:82b::200e", "2a00:1450:4001:82b::/64"),
        ("2a00:1450:4001:82b:1:2:3:4", "2a00:1450:4001:82b::/64"),
        *((address, None) for address in ("127.0.0.1", "::1", "10.0.0.7", "192.168.1.4", "172.17.0.1", "fd00::1")),
        *((address, None) for address in ("169.254.1.1", "fe80::1", "100.64.0.9", "::ffff:127.0.0.1")),
    ],
)
def test_what_an_address_tells(address: str, network: str | None) -> None:
    assert network_of(address) == network


def test_friends_of_one_network_wait_until_one_was_elsewhere(pair: tuple[Client, Client, Referral]) -> None:
    at_anna, at_ben, referral = pair
    referral.refresh_from_db()
    assert referral.state == Referral.State.PENDING
    for client in (at_anna, at_ben):
        assert "judged by the friend on another network" in client.get(reverse("accounts:referrals")).content.decode()
    do_something(at_anna, CAFE)
    vote(referral.friend, 1, since=5)
    referral.refresh_from_db()
    assert referral.state == Referral.State.PENDING, "that the inviter went out says nothing of the friend"
    do_something(at_ben, "2a00:1450::7")
    do_something(at_ben, HOME)
    vote(referral.friend, 1, since=6)
    referral.refresh_from_db()
    assert referral.state == Referral.State.CREDITED
    assert balance_of(referral.inviter_id) == 3 + INVITER_CREDITS


def test_behind_a_proxy_that_is_not_believed_nobody_waits() -> None:
    inviter, friend = make_user(), make_user()
    for user in (inviter, friend):
        log_in(user, "172.17.0.1")
    referral = invite(inviter, friend)
    verify(friend, "ben@example.org")
    vote(friend, 5)
    referral.refresh_from_db()
    assert referral.state == Referral.State.CREDITED


def test_looking_at_pages_writes_no_address(pair: tuple[Client, Client, Referral]) -> None:
    _, at_ben, referral = pair
    at_ben.get(reverse("accounts:referrals"), REMOTE_ADDR=CAFE)
    assert networks_of(referral.friend_id) == {f"{HOME}/32"}
    do_something(at_ben, "127.0.0.1")
    assert UserSession.objects.get(user=referral.friend_id).ip == HOME
    do_something(at_ben, CAFE)
    assert networks_of(referral.friend_id) == {f"{HOME}/32", f"{CAFE}/32"}
    assert UserSession.objects.get(user=referral.friend_id).ip == CAFE


def test_a_curator_lets_an_invitation_count_with_a_reason_and_once(pair: tuple[Client, Client, Referral]) -> None:
    *_, referral = pair
    address = reverse("admin:accounts_referral_decide", args=[referral.pk])
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(address).status_code == 403
    curator = make_user(is_staff=True, is_superuser=True)
    client.force_login(curator)
    assert address in client.get(reverse("admin:accounts_referral_changelist")).content.decode()
    assert client.post(address, {"value": "credited", "reason": " "}).status_code == 422
    assert client.post(address, {"value": "refused", "reason": "One person."}).status_code == 302
    assert balance_of(referral.friend_id) == 3
    assert client.post(address, {"value": "credited", "reason": "Two people, met."}).status_code == 302
    assert client.post(address, {"value": "refused", "reason": "No."}).status_code == 422
    referral.refresh_from_db()
    assert (referral.state, referral.decided_by) == (Referral.State.CREDITED, curator)
    assert balance_of(referral.friend_id) == 3 + FRIEND_CREDITS
    assert balance_of(referral.inviter_id) == 3 + INVITER_CREDITS
    assert Activity.objects.filter(user=referral.inviter_id, kind=Activity.Kind.REFERRED).count() == 1
    for reason, code in (("Again.", "decided"), (" ", "no_reason")):
        with pytest.raises(InvalidDecision) as refusal:
            decide_referral(referral=referral, is_credited=True, reason=reason, by=curator, now=NOW)
        assert refusal.value.code == code
