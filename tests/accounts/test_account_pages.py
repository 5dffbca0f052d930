"""What people rely on at the door: mails that confirm, a lost password, a second step, sessions that end."""

from __future__ import annotations

import re
import smtplib
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import DepartedName, User
from accounts.services.departures import anonymize
from accounts.templatetags.devices import device
from tests.accounts.one_time_codes import current_code
from tests.factories import make_user

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db
PASSWORD = "a long sentence that only this test knows"
NEW_PASSWORD = "another sentence that nobody else knows"
SIGN_UP = "/accounts/signup/"
LOG_IN = "/accounts/login/"
EMAIL = "/accounts/email/"
RESET = "/accounts/password/reset/"
TWO_STEPS = "/accounts/2fa/"
ACTIVATE = "/accounts/2fa/totp/activate/"
DEACTIVATE = "/accounts/2fa/totp/deactivate/"
SECOND_STEP = "/accounts/2fa/authenticate/"
CODES = "/accounts/2fa/recovery-codes/"
SESSIONS = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@pytest.fixture(autouse=True)
def _forget_rate_limits() -> None:
    cache.clear()


def sign_up(client: Client, name: str = "ann", email: str = "ann@example.com") -> Answer:
    return client.post(SIGN_UP, {"username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD})


def log_in(client: Client, login: str, password: str = PASSWORD) -> Answer:
    return client.post(LOG_IN, {"login": login, "password": password})


def log_out(client: Client) -> None:
    client.post("/accounts/logout/")


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def prove(client: Client, path: str) -> None:
    """Enter the password again, as pages that touch the account's safety ask for."""
    answer = client.post(f"/accounts/reauthenticate/?next={path}", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()


def link_in(message: EmailMessage) -> str:
    """The path of the first address in a mail."""
    found = re.search(r"http://testserver(/accounts/\S+)", str(message.body))
    assert found is not None, message.body
    return found[1]


def turn_on_two_steps(client: Client) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the account that is logged in."""
    prove(client, ACTIVATE)
    page = client.get(ACTIVATE).content.decode()
    found = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert found is not None
    answer = client.post(ACTIVATE, {"code": current_code(found[1])})
    assert (answer.status_code, answer["Location"]) == (302, CODES)
    return found[1], re.findall(r"<li><code>(\d+)</code></li>", client.get(CODES).content.decode())


# --- Addresses --------------------------------------------------------------------------------------------------------


def test_the_mail_of_a_sign_up_confirms_the_address_by_a_button(client: Client) -> None:
    assert sign_up(client)["Location"] == "/"
    assert is_logged_in(client)
    (message,) = mail.outbox
    assert (message.subject, message.to) == (
        "MixArena: Welcome, please confirm your e-mail address",
        ["ann@example.com"],
    )
    assert "Welcome to MixArena, ann." in message.body
    link = link_in(message)
    assert "Is this your address?" in client.get(link).content.decode()
    assert not EmailAddress.objects.get().verified  # a mail program that looks into links confirms nothing
    assert client.post(link).status_code == 302
    assert EmailAddress.objects.get().verified
    assert "no longer works" not in client.get(EMAIL).content.decode()


def test_no_address_and_no_confirmation_keep_nobody_out(client: Client) -> None:
    sign_up(client, "bob", "")
    assert is_logged_in(client)
    assert mail.outbox == []
    log_out(client)
    sign_up(client, "ann")
    log_out(client)
    log_in(client, "ann")
    assert is_logged_in(client)
    assert len(mail.outbox) == 1  # not one at each log-in


def test_a_mail_server_that_is_down_keeps_nobody_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: EmailMessage) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", refuse)
    sign_up(client)
    assert is_logged_in(client)
    assert "Our mail server did not take the mail" in client.get("/").content.decode()


@pytest.mark.parametrize("login", ["ann", "ann@example.com", "ANN@example.com"])
def test_name_and_address_both_log_in(client: Client, login: str) -> None:
    sign_up(client)
    log_out(client)
    assert "Username or e-mail" in client.get(LOG_IN).content.decode()
    log_in(client, login)
    assert is_logged_in(client)


def test_the_old_address_stays_until_the_new_one_is_confirmed(client: Client) -> None:
    sign_up(client)
    client.post(link_in(mail.outbox.pop()))
    prove(client, EMAIL)
    client.post(EMAIL, {"action_add": "", "email": "o'hara@example.com"})
    page = client.get(EMAIL).content.decode()
    assert "Waiting to be confirmed" in page
    assert User.objects.get().email == "ann@example.com"
    message = mail.outbox.pop()
    assert message.to == ["o'hara@example.com"]

    client.post(link_in(message))
    assert [(a.email, a.verified) for a in EmailAddress.objects.all()] == [("o'hara@example.com", True)]
    assert User.objects.get().email == "o'hara@example.com"
    (notice,) = mail.outbox
    assert notice.to == ["ann@example.com"]
    assert "is now o'hara@example.com. Until now it was ann@example.com." in notice.body


def test_a_change_of_address_asks_for_the_password_first(client: Client) -> None:
    sign_up(client)
    answer = client.post(EMAIL, {"action_add": "", "email": "thief@example.com"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="thief@example.com").exists()


def test_a_change_that_was_not_meant_can_be_taken_back(client: Client) -> None:
    sign_up(client)
    client.post(link_in(mail.outbox.pop()))
    prove(client, EMAIL)
    client.post(EMAIL, {"action_add": "", "email": "new@example.com"})
    client.post(EMAIL, {"action_remove": "", "email": "new@example.com"})
    assert [a.email for a in EmailAddress.objects.all()] == ["ann@example.com"]
    assert "new@example.com was taken out of your account." in mail.outbox[-1].body


def test_the_address_of_another_account_is_not_told_and_not_taken(client: Client) -> None:
    sign_up(client)
    client.post(link_in(mail.outbox.pop()))
    thief = Client()
    sign_up(thief, "thief", "thief@example.com")
    prove(thief, EMAIL)
    cache.clear()  # an address gets one mail in three minutes
    answer = thief.post(EMAIL, {"action_add": "", "email": "ann@example.com"})
    assert answer.status_code == 302  # as for any address
    assert "This address is taken" in thief.get(link_in(mail.outbox[-1])).content.decode()
    thief.post(link_in(mail.outbox[-1]))
    assert EmailAddress.objects.get(email="ann@example.com", verified=True).user.username == "ann"


# --- Passwords --------------------------------------------------------------------------------------------------------


def test_a_lost_password_is_replaced_by_the_link_in_a_mail(client: Client) -> None:
    sign_up(client)
    elsewhere = Client()
    log_in(elsewhere, "ann")
    log_out(client)
    mail.outbox.clear()

    assert client.post(RESET, {"email": "ann@example.com"})["Location"] == "/accounts/password/reset/done/"
    (message,) = mail.outbox
    assert message.subject == "MixArena: Choose a new password"
    link = link_in(message)
    form = client.get(link)["Location"]
    assert "Choose a new password" in client.get(form).content.decode()
    answer = client.post(form, {"password1": NEW_PASSWORD, "password2": "something else"})
    assert "You must type the same password each time." in answer.content.decode()
    answer = client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    assert "Your new password is set" in answer.content.decode()
    assert mail.outbox[-1].subject == "MixArena: Your password was reset"

    assert "This link no longer works" in Client().get(link).content.decode()
    assert elsewhere.get(EMAIL).status_code == 302  # logged out there
    log_in(client, "ann", PASSWORD)
    assert not is_logged_in(client)
    log_in(client, "ann", NEW_PASSWORD)
    assert is_logged_in(client)


def test_an_unknown_address_gets_the_same_page_and_a_mail_that_says_so(client: Client) -> None:
    answer = client.post(RESET, {"email": "nobody@example.com"})
    assert answer["Location"] == "/accounts/password/reset/done/"
    (message,) = mail.outbox
    assert message.subject == "MixArena: No account has this address"
    assert "http://testserver/accounts/signup/" in message.body


def test_a_changed_password_ends_the_other_sessions_and_is_told_by_mail(client: Client) -> None:
    sign_up(client)
    elsewhere = Client()
    log_in(elsewhere, "ann")
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/password/change/", fields).status_code == 302
    assert client.get(EMAIL).status_code == 200
    assert elsewhere.get(EMAIL).status_code == 302
    assert mail.outbox[-1].subject == "MixArena: Your password was changed"
    assert "from 127.0.0.1" in mail.outbox[-1].body


# --- Two steps --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)  # the notices are sent when the change is committed
def test_the_second_step_asks_for_a_code_and_a_recovery_code_works_once(client: Client) -> None:
    sign_up(client)
    secret, recovery = turn_on_two_steps(client)
    assert len(recovery) == 10
    subjects = [message.subject for message in mail.outbox]
    assert "MixArena: Log-in in two steps is on" in subjects

    log_out(client)
    assert log_in(client, "ann")["Location"] == SECOND_STEP
    assert not is_logged_in(client)
    assert "Incorrect code." in client.post(SECOND_STEP, {"code": "000000"}).content.decode()
    code = current_code(secret)
    client.post(SECOND_STEP, {"code": code})
    assert is_logged_in(client)

    log_out(client)
    log_in(client, "ann")
    client.post(SECOND_STEP, {"code": recovery[0]})
    assert is_logged_in(client)
    log_out(client)
    log_in(client, "ann")
    client.post(SECOND_STEP, {"code": recovery[0]})
    assert not is_logged_in(client)
    client.post(SECOND_STEP, {"code": recovery[1]})
    assert is_logged_in(client)

    prove(client, CODES)
    assert "8 of 10 are left" in client.get(CODES).content.decode()
    assert client.get(f"{CODES}download/").content.decode().split() == recovery[2:]
    client.post(f"{CODES}generate/")
    fresh = client.get(CODES).content.decode()
    assert "10 of 10 are left" in fresh
    assert recovery[2] not in fresh

    client.post(DEACTIVATE)
    assert not Authenticator.objects.exists()
    log_out(client)
    log_in(client, "ann")
    assert is_logged_in(client)


def test_the_second_step_needs_the_password_again(client: Client) -> None:
    sign_up(client)
    for path in (ACTIVATE, f"{CODES}generate/"):
        assert client.get(path)["Location"] == f"/accounts/reauthenticate/?next={quote(path, safe='')}"


def test_a_wrong_code_turns_nothing_on(client: Client) -> None:
    sign_up(client)
    prove(client, ACTIVATE)
    client.get(ACTIVATE)
    answer = client.post(ACTIVATE, {"code": "000000"})
    assert 'aria-describedby="id_code_error"' in answer.content.decode()
    assert not Authenticator.objects.exists()


# --- Sessions ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_both_browsers_and_ends_the_other_one() -> None:
    here, there, stranger = Client(headers={"user-agent": FIREFOX}), Client(headers={"user-agent": CHROME}), Client()
    sign_up(here)
    log_in(there, "ann")
    sign_up(stranger, "stranger", "")
    page = here.get(SESSIONS).content.decode()
    assert page.count('class="sessions__line"') == 2
    assert page.index("Firefox on Linux") < page.index("This one") < page.index("Chrome on Windows")

    here.post(SESSIONS)
    page = here.get(SESSIONS).content.decode()
    assert page.count('class="sessions__line"') == 1
    assert "Chrome" not in page
    assert there.get(SESSIONS).status_code == 302
    assert stranger.get(SESSIONS).status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/140.0.0.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 16; K) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_named_by_what_it_says_of_itself(user_agent: str, name: str) -> None:
    assert device(user_agent) == name


# --- All pages --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What the rules for pages need to know of one."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.classes: set[str] = set()
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.sins: list[str] = []
        self.headings = 0
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.classes |= set((values.get("class") or "").split())
        self.headings += tag == "h1"
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "label":
            self.labelled.add(str(values.get("for")))
        if tag == "input" and values.get("type") != "hidden":
            self.inputs.append(values)
        if tag == "style" or (tag == "script" and "src" not in values):
            self.sins.append(f"<{tag}>")
        self.sins += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]


def check_page(answer: Answer, what: str) -> None:
    assert answer.status_code == 200, what
    body = answer.content.decode()
    page = Page(body)
    assert {"brand", "page--form", "form-title", "foot"} <= page.classes, what
    assert page.headings == 1, what
    assert page.sins == [], what
    assert len(page.ids) == len(set(page.ids)), what
    for field in page.inputs:
        assert field.get("id") in page.labelled, (what, field)
        described = (field.get("aria-describedby") or "").split()
        assert set(described) <= set(page.ids), (what, field)
        if field.get("aria-invalid"):
            assert any(name.endswith("_error") for name in described), (what, field)


def test_every_page_is_in_the_layout_of_the_site(client: Client) -> None:
    for path in (LOG_IN, SIGN_UP, RESET, f"{RESET}done/", f"{RESET}key/done/", "/accounts/inactive/"):
        check_page(client.get(path), path)
    for path in ("/accounts/confirm-email/", "/accounts/confirm-email/no-such-key/", f"{RESET}key/1-no-such-key/"):
        check_page(client.get(path), path)
    for path in (LOG_IN, SIGN_UP, RESET):
        check_page(client.post(path, {}), f"{path} with errors")
    sign_up(client)
    check_page(client.get(link_in(mail.outbox[-1])), "confirm")
    for path in (EMAIL, "/accounts/password/change/", TWO_STEPS, SESSIONS, "/accounts/logout/", RESET):
        check_page(client.get(path), path)
    check_page(client.get("/accounts/reauthenticate/"), "reauthenticate")
    check_page(client.post("/accounts/reauthenticate/", {"password": "wrong"}), "reauthenticate, wrong")
    check_page(client.post(EMAIL, {"action_add": "", "email": "no address"}), "no address")
    client.post(link_in(mail.outbox[-1]))
    prove(client, ACTIVATE)
    client.post(EMAIL, {"action_add": "", "email": "new@example.com"})
    check_page(client.get(EMAIL), "both addresses")
    check_page(client.get(ACTIVATE), ACTIVATE)
    check_page(client.post(ACTIVATE, {"code": "000000"}), "wrong code")
    turn_on_two_steps(client)
    for path in (TWO_STEPS, DEACTIVATE, CODES, f"{CODES}generate/", "/accounts/2fa/reauthenticate/"):
        check_page(client.get(path), path)
    check_page(client.get("/accounts/reauthenticate/"), "reauthenticate, two ways")
    log_out(client)
    log_in(client, "ann")
    check_page(client.get(SECOND_STEP), SECOND_STEP)
    check_page(client.post(SECOND_STEP, {"code": "000000"}), "wrong second step")
    unset = make_user("unset")
    unset.set_unusable_password()
    unset.save()
    client.force_login(unset)
    check_page(client.get("/accounts/password/set/"), "set")


@pytest.mark.parametrize(
    "path", [EMAIL, TWO_STEPS, SESSIONS, "/accounts/password/change/", CODES, "/accounts/reauthenticate/"]
)
def test_pages_of_an_account_send_others_to_the_log_in(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"{LOG_IN}?next={path}"


def test_too_many_tries_get_the_page_that_says_so(client: Client) -> None:
    for _ in range(20):
        client.post(RESET, {"email": "nobody@example.com"})
    answer = client.post(RESET, {"email": "nobody@example.com"})
    assert answer.status_code == 429
    assert "Wait a few minutes" in answer.content.decode()


def test_no_mail_names_the_host_as_the_site(client: Client) -> None:
    sign_up(client)
    client.post(RESET, {"email": "ann@example.com"})
    client.post(RESET, {"email": "nobody@example.com"})
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        assert message.subject.startswith("MixArena: ")
        assert message.from_email == settings.DEFAULT_FROM_EMAIL
        assert not re.search(r"&[a-z#0-9]+;|\{[{%]", str(message.body))
        assert "\n\n\n" not in message.body


@pytest.mark.parametrize(
    "name",
    [
        ".", "..", "@-_", "ANN", "\u0430nn", "gone-1", "guest-0123456789abcdef", "x" * 31,
        "mixarena", "M1x.Arena", "rnixarena2", "\uff2dixArena", "Team-MixArena", "Admin", "adm1n2", "the.curator",
        "Support7", "SiteModerator", "root",
    ],
)  # fmt: skip
def test_a_name_that_could_be_taken_for_another_is_refused(client: Client, name: str) -> None:
    make_user("ann")
    assert sign_up(client, name).status_code == 200
    assert User.objects.count() == 1


def test_nobody_takes_the_name_of_somebody_who_left(client: Client) -> None:
    make_user("ann")
    taken = sign_up(client, "ann").context["form"].errors["username"]
    anonymize(user=make_user("Ben"))
    for name in ("Ben", "bEN"):
        assert sign_up(client, name).context["form"].errors["username"] == taken
    assert "ben" not in str(DepartedName.objects.values_list()).casefold()
    assert sign_up(client, "ben2").status_code == 302


def test_a_name_that_only_holds_such_a_word_is_taken(client: Client) -> None:
    assert "arena&#x27;s own or its staff" in sign_up(client, "mixarena").content.decode()
    for name in ("badminton", "SoundSystem", "anna-official", "mixer", "roots"):
        assert sign_up(Client(), name, f"{name}@example.com").status_code == 302
