"""The pages of what listeners earn, as they and strangers see them."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Activity, InvitationVisit, Notice, Referral, User
from accounts.services import record
from accounts.services.credits import balance_of
from accounts.services.tokens import authenticate, create_token
from accounts.visits import REFERRAL_COOKIE
from tests.accounts.test_people import vote
from tests.factories import NOW, make_mixer, make_user
from tournaments.models import Follow
from tournaments.services.follows import tell_of_retired

OWN_PAGES = ("progress", "cabinet", "referrals", "notices")

pytestmark = pytest.mark.django_db


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", [*OWN_PAGES, "credits"])
def test_a_stranger_is_sent_to_the_log_in(name: str) -> None:
    response = Client().get(reverse(f"accounts:{name}"))
    assert response.status_code == 302
    assert reverse("account_login") in response.headers["Location"]


@override_settings(CREDITS=True)
@pytest.mark.parametrize(
    ("name", "empty", "full"),
    [
        ("progress", "0 battles judged", "12 battles judged"),
        ("cabinet", "0 of 10", "Earned"),
        ("credits", "Nothing came or went yet", "Promotion to a higher tier"),
        ("referrals", "Nobody has come by your link yet", "Nobody has come by your link yet"),
        ("notices", "No news yet", "You are now an Amateur"),
    ],
)
def test_own_pages_are_shown_empty_and_full(name: str, empty: str, full: str) -> None:
    user = make_user()
    client = logged_in(user)
    assert empty in client.get(reverse(f"accounts:{name}")).content.decode()
    vote(user, 12, confidence=95, label="Round 1", url="/")
    assert full in client.get(reverse(f"accounts:{name}")).content.decode()


def test_where_mixes_cost_nothing_nobody_reads_of_them() -> None:
    user = make_user()
    vote(user, 12, confidence=95)
    client = logged_in(user)
    assert client.get(reverse("accounts:credits")).status_code == 404
    for name in OWN_PAGES:
        assert "free mix" not in client.get(reverse(f"accounts:{name}")).content.decode().lower()


def test_a_toast_is_shown_until_it_was_seen() -> None:
    user = make_user()
    client = logged_in(user)
    vote(user, 1)
    page = client.get(reverse("tournaments:mixers")).content.decode()
    assert "First Verdict" in page
    notice = Notice.objects.get(user=user)
    stranger = logged_in(make_user())
    stranger.post(reverse("accounts:seen"), {"upto": notice.pk})
    assert "First Verdict" in client.get(reverse("tournaments:mixers")).content.decode()
    assert client.post(reverse("accounts:seen"), {"upto": notice.pk}).status_code == 302
    assert "First Verdict" not in client.get(reverse("tournaments:mixers")).content.decode()
    assert "First Verdict" in client.get(reverse("accounts:notices")).content.decode()
    assert client.post(reverse("accounts:seen"), {"upto": "many"}).status_code == 400


def test_a_closed_profile_is_open_to_its_owner_only() -> None:
    user = make_user("quiet")
    vote(user, 1)
    address = reverse("tournaments:person", args=["quiet"])
    assert Client().get(address).status_code == 200
    assert "quiet" in Client().get(reverse("tournaments:people")).content.decode()
    client = logged_in(user)
    client.post(reverse("accounts:privacy"), {"is_ranked": "on"})
    assert Client().get(address).status_code == 404
    assert client.get(address).status_code == 200
    # A name on the board would lead to a page that nobody may open.
    assert "quiet" not in Client().get(reverse("tournaments:people")).content.decode()
    client.post(reverse("accounts:privacy"), {"is_public": "on"})
    assert Client().get(address).status_code == 200
    assert "quiet" not in Client().get(reverse("tournaments:people")).content.decode()
    assert Client().get(reverse("tournaments:person", args=["nobody"])).status_code == 404


def test_who_comes_by_a_link_and_signs_up_is_a_friend() -> None:
    inviter = make_user("anna")
    visitor = Client()
    page = visitor.get(reverse("accounts:join", args=[inviter.referral_code]))
    assert "anna invites you" in page.content.decode()
    assert visitor.cookies[REFERRAL_COOKIE]["max-age"] == 60 * 24 * 3600
    password = "correct horse battery"
    form = {"username": "ben", "email": "ben@example.org", "password1": password, "password2": password}
    assert visitor.post(reverse("account_signup"), form).status_code == 302
    referral = Referral.objects.get(friend__username="ben")
    assert (referral.inviter, referral.state) == (inviter, Referral.State.PENDING)
    lines = logged_in(inviter).get(reverse("accounts:referrals")).content.decode()
    assert "ben" in lines
    assert "a verified e-mail address and 5 more judged battles" in lines
    friend = User.objects.get(username="ben")
    vote(friend, 5)
    # The link of the mail, and its button.
    link = next(word for word in mail.outbox[0].body.split() if "/confirm-email/" in word)
    assert visitor.post(link).status_code == 302
    assert EmailAddress.objects.get(user=friend).verified
    referral.refresh_from_db()
    assert referral.state == Referral.State.CREDITED
    assert balance_of(inviter.pk) == 8


def test_a_browser_on_which_the_inviter_was_logged_in_makes_no_friends() -> None:
    inviter = make_user("anna")
    browser = Client()
    browser.post(reverse("account_login"), {"login": "anna", "password": "secret"})
    browser.post(reverse("account_logout"))
    browser.get(reverse("accounts:join", args=[inviter.referral_code]))
    password = "correct horse battery"
    browser.post(reverse("account_signup"), {"username": "anna2", "password1": password, "password2": password})
    referral = Referral.objects.get(friend__username="anna2")
    assert (referral.state, referral.reason) == (Referral.State.REFUSED, "You were logged in on this device yourself.")


def test_a_browser_that_opens_a_link_is_counted_once() -> None:
    inviter, other = make_user("anna"), make_user("carl")
    visitor, own = Client(), Client()
    own.post(reverse("account_login"), {"login": "anna", "password": "secret"})
    address = reverse("accounts:visit", args=[inviter.referral_code])
    page = visitor.get(reverse("accounts:join", args=[inviter.referral_code])).content.decode()
    assert f'hx-post="{address}" hx-trigger="load"' in page
    assert not InvitationVisit.objects.exists()
    assert visitor.post(address).status_code == 204
    visitor.post(reverse("accounts:visit", args=[other.referral_code]))
    for client in (visitor, logged_in(other), own):
        client.post(address)
    own.post(reverse("account_logout"))
    own.post(address)
    assert list(InvitationVisit.objects.values_list("inviter", flat=True)) == [inviter.pk, other.pk]
    assert "1 person opened your link." in logged_in(inviter).get(reverse("accounts:referrals")).content.decode()
    assert visitor.get(address).status_code == 405
    assert visitor.post(reverse("accounts:visit", args=["nobody"])).status_code == 404


def test_a_forged_cookie_invites_nobody() -> None:
    inviter = make_user()
    visitor = Client()
    visitor.cookies[REFERRAL_COOKIE] = inviter.referral_code
    password = "correct horse battery"
    visitor.post(reverse("account_signup"), {"username": "ben", "password1": password, "password2": password})
    assert User.objects.filter(username="ben").exists()
    assert not Referral.objects.exists()


def test_following_a_mixer_until_it_retires() -> None:
    user, mixer = make_user(), make_mixer()
    client = logged_in(user)
    address = reverse("tournaments:follow", args=[mixer.slug])
    assert Client().post(address, {"is_followed": "yes"}).status_code == 302
    assert not Follow.objects.exists()
    for _ in range(2):
        client.post(address, {"is_followed": "yes"})
    assert Follow.objects.count() == 1
    assert "Following" in client.get(reverse("tournaments:mixer", args=[mixer.slug])).content.decode()
    assert tell_of_retired(now=NOW) == 0
    type(mixer).objects.filter(pk=mixer.pk).update(state="retired")
    assert (tell_of_retired(now=NOW), tell_of_retired(now=NOW)) == (1, 0)
    assert "has retired" in Notice.objects.get(user=user).title
    client.post(address, {"is_followed": "no"})
    assert not Follow.objects.exists()


@override_settings(CREDITS=True)
def test_staff_gives_free_mixes_with_a_reason_and_once() -> None:
    user, staff = make_user(), make_user(is_staff=True, is_superuser=True)
    address = reverse("admin:accounts_user_grant", args=[user.pk])
    assert logged_in(make_user(is_staff=True)).get(address).status_code == 403
    client = logged_in(staff)
    form = client.get(address)
    key = form.context["form"].initial["key"]
    assert client.post(address, {"amount": 0, "reason": "none", "key": key}).status_code == 422
    for _ in range(2):
        assert client.post(address, {"amount": 2, "reason": "a prize", "key": key}).status_code == 302
    assert balance_of(user.pk) == 5
    record(user_id=user.pk, kind=Activity.Kind.BRED, key="b", facts={}, now=NOW)
    for model in ("user", "creditentry", "activity", "award", "referral"):
        assert client.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200
    assert client.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code == 200


@pytest.mark.parametrize("by", ["admin", "command"])
def test_a_password_set_by_staff_ends_tokens_and_sessions(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user, staff = make_user("ann"), make_user("cleo", is_staff=True, is_superuser=True)
    secrets = {
        owner: create_token(user=owner, name="player", scopes=["read"], expires_at=None, now=NOW)[1]
        for owner in (user, staff)
    }
    browser, desk = logged_in(user), logged_in(staff)
    new = "correct horse battery"
    if by == "admin":
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        sent = {"password1": new, "password2": new, "usable_password": "true", "set-password": "Change"}
        assert desk.post(address, sent).status_code == 302
    else:
        monkeypatch.setattr("getpass.getpass", lambda prompt: new)
        call_command("changepassword", "ann", stdout=StringIO())
    user.refresh_from_db()
    assert user.check_password(new)
    assert authenticate(secret=secrets[user], now=NOW) is None
    assert browser.get(reverse("accounts:progress")).status_code == 302
    assert authenticate(secret=secrets[staff], now=NOW) is not None
    assert desk.get(reverse("accounts:progress")).status_code == 200
