"""A refusal is a page, a fragment or JSON, with its status, and never a traceback."""

import asyncio
from typing import ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from mixarena import urls as site
from mixarena.web import errors
from mixing.errors import AudioError, MixArenaError

SENTENCES = "The song is <b>silent</b>. Choose another one."


class GoneError(MixArenaError):
    status: ClassVar[int] = 409


def refuse(request: HttpRequest) -> HttpResponse:
    raise AudioError(SENTENCES, code="silent")


async def refuse_async(request: HttpRequest) -> HttpResponse:
    raise AudioError(SENTENCES, code="silent")


def conflict(request: HttpRequest) -> HttpResponse:
    raise GoneError("The battle is over. Look at its result.", code="over")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def miss(request: HttpRequest) -> HttpResponse:
    raise Http404


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


def accept(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    *site.urlpatterns,  # the pages link to them
    path("refuse", refuse),
    path("refuse-async", refuse_async),
    path("conflict", conflict),
    path("forbid", forbid),
    path("miss", miss),
    path("crash", crash),
    path("accept", accept),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def test_refusal_is_a_page(visitor: Client) -> None:
    response = visitor.get("/refuse")
    text = response.content.decode()
    assert response.status_code == 422
    assert text.lstrip().lower().startswith("<!doctype html>")
    assert "The song is &lt;b&gt;silent&lt;/b&gt;. Choose another one." in text


def test_refusal_is_a_fragment_for_htmx(visitor: Client) -> None:
    response = visitor.get("/refuse", headers={"HX-Request": "true"})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'id="error"' in text
    assert "<html" not in text
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#errors", "innerHTML")
    assert "HX-Request" in response["Vary"]


def test_boosted_navigation_gets_the_page(visitor: Client) -> None:
    response = visitor.get("/refuse", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in response.content.decode()


def test_refusal_is_json_for_programs(visitor: Client) -> None:
    response = visitor.get("/refuse", headers={"Accept": "application/json"})
    assert response.status_code == 422
    assert response.json() == {"error": {"code": "silent", "message": SENTENCES}}


def test_refusal_of_an_async_view() -> None:
    response = asyncio.run(AsyncClient().get("/refuse-async", headers={"HX-Request": "true"}))
    assert response.status_code == 422


def test_class_of_the_error_says_the_status(visitor: Client) -> None:
    assert visitor.get("/conflict").status_code == 409


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
@pytest.mark.parametrize(("address", "status"), [("/forbid", 403), ("/miss", 404), ("/nowhere", 404), ("/crash", 500)])
def test_everything_else_that_goes_wrong(visitor: Client, headers: dict[str, str], address: str, status: int) -> None:
    response = visitor.get(address, headers=headers)
    text = response.content.decode()
    assert response.status_code == status
    assert "Traceback" not in text
    assert "secret detail" not in text
    assert len(text) > 40


def test_foreign_host(visitor: Client) -> None:
    with override_settings(ALLOWED_HOSTS=["arena.example.org"]):
        response = visitor.get("/accept", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "was not understood" in response.content.decode()


def test_missing_csrf_token(visitor: Client) -> None:
    response = visitor.post("/accept")
    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


def test_page_of_a_crash_needs_no_database(visitor: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert visitor.get("/crash").status_code == 500


def test_security_headers(visitor: Client) -> None:
    response = visitor.get("/accept")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
