"""The page of a listener's API tokens."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.services.tokens import MAX_TOKENS
from tests.api.tokens import Program
from tests.factories import make_user

pytestmark = pytest.mark.django_db
FORM = {"name": "script", "scopes": ["read", "play"], "days": "30"}


@pytest.fixture
def page(client: Client) -> Client:
    """Of a listener who gave the password just now."""
    make_user("ada")
    assert client.login(username="ada", password="secret")
    client.post(reverse("account_reauthenticate"), {"password": "secret"})
    return client


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    assert reverse("account_login") in client.get(reverse("accounts:tokens")).headers["Location"]
    assert reverse("account_login") in client.post(reverse("accounts:revoke-token", args=[1])).headers["Location"]


def test_an_open_browser_is_not_enough_to_make_a_token(client: Client) -> None:
    client.force_login(make_user())
    assert "reauthenticate" in client.get(reverse("accounts:tokens")).headers["Location"]
    assert "reauthenticate" in client.post(reverse("accounts:tokens"), FORM).headers["Location"]
    assert not ApiToken.objects.exists()


def test_a_token_is_shown_once_and_works_until_it_is_revoked(page: Client) -> None:
    answer = page.post(reverse("accounts:tokens"), FORM)
    found = re.search(r'value="(ma_[-\w]+)"', answer.content.decode())
    assert found is not None
    assert "no-store" in answer.headers["Cache-Control"]
    headers = {"authorization": f"Bearer {found[1]}"}
    assert Client().get("/api/v1/me", headers=headers).json()["scopes"] == ["read", "play"]
    listed = page.get(reverse("accounts:tokens")).content.decode()
    assert "script" in listed
    assert found[1] not in listed
    row = ApiToken.objects.get()
    assert page.post(reverse("accounts:revoke-token", args=[row.pk])).status_code == 302
    assert Client().get("/api/v1/me", headers=headers).status_code == 401
    assert "revoked" in page.get(reverse("accounts:tokens")).content.decode()
    assert page.post(reverse("accounts:revoke-token", args=[row.pk])).status_code == 404


def test_nobody_revokes_a_strangers_token(page: Client) -> None:
    other = Program(make_user())
    assert page.post(reverse("accounts:revoke-token", args=[other.row.pk])).status_code == 404
    assert page.get(reverse("accounts:revoke-token", args=[other.row.pk])).status_code == 405
    assert other.get("/me").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["all"]}, {"days": "9999"}, {"name": "x" * 61}]
)
def test_a_form_filled_in_wrongly_makes_nothing(page: Client, wrong: dict[str, object]) -> None:
    answer = page.post(reverse("accounts:tokens"), FORM | wrong)
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_has_more_tokens_than_can_be_overlooked(page: Client) -> None:
    for _ in range(MAX_TOKENS):
        assert page.post(reverse("accounts:tokens"), FORM).status_code == 200
    answer = page.post(reverse("accounts:tokens"), FORM)
    assert answer.status_code == 422
    assert "Revoke one" in answer.content.decode()


@pytest.mark.parametrize("way", ["change", "reset", "set"])
def test_a_new_password_revokes_every_token_and_the_mail_says_so(client: Client, way: str) -> None:
    user, other = make_user("ada", email="ada@example.com"), Program(make_user())
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    own = Program(user)
    new = {"password1": "a long sentence of hers", "password2": "a long sentence of hers"}
    if way == "change":
        client.login(username="ada", password="secret")
        answer = client.post(reverse("account_change_password"), {"oldpassword": "secret", **new})
    elif way == "set":
        user.set_unusable_password()
        user.save(update_fields=["password"])
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(reverse("account_set_password"), new)
    else:
        client.post(reverse("account_reset_password"), {"email": user.email})
        link = next(word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word)
        assert own.get("/me").status_code == 200
        answer = client.post(client.get(link).headers["Location"], new)
    assert answer.status_code == 302, answer.content.decode()
    assert (own.get("/me").status_code, other.get("/me").status_code) == (401, 200)
    assert "API tokens made before no longer work" in str(mail.outbox[-1].body)


def test_a_curator_sees_tokens_and_revokes_them_but_not_what_opens_them(client: Client) -> None:
    program = Program(make_user("ada"))
    client.force_login(User.objects.create_superuser("curator", password="secret"))
    address = reverse("admin:accounts_apitoken_changelist")
    pages = [client.get(address), client.get(reverse("admin:accounts_apitoken_change", args=[program.row.pk]))]
    assert [page.status_code for page in pages] == [200, 200]
    assert not any(program.row.digest in page.content.decode() for page in pages)
    action = {"action": "revoke_tokens", "_selected_action": [program.row.pk]}
    onlooker = make_user(is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    looking = Client()
    looking.force_login(onlooker)
    looking.post(address, action)
    assert program.get("/me").status_code == 200
    client.post(address, action)
    assert program.get("/me").status_code == 401
