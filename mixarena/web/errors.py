"""One place that turns a refusal into a page, an HTMX fragment or JSON; into a problem document below /api/.

Views let a MixArenaError rise; its class says the status in a class attribute `status` (422 unless it says otherwise)
and its message is shown as it is. htmx 2 swaps no 4xx or 5xx answer by itself: the page's `htmx-config` meta tag
(`responseHandling`) lets it, and the headers HX-Retarget and HX-Reswap of the fragments below send them into the
element `#errors`, which every page has. A form that was filled in wrongly is no error in this sense: its view answers
422 with the form itself, which is swapped where the form stood.
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from mixarena.web.problems import is_api_request, problem_response
from mixing.errors import MixArenaError

logger = logging.getLogger(__name__)

DEFAULT_STATUS = 422
TITLES = {
    400: "That request made no sense",
    403: "Not allowed",
    404: "Nothing here",
    405: "Nothing to open here",
    409: "Too late",
    413: "Too large",
    429: "Slow down",
    500: "Our mistake",
    503: "Busy",
}
DEFAULT_TITLE = "That did not work"


class ErrorMiddleware(MiddlewareMixin):
    """Answers for views that raise a MixArenaError."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, MixArenaError):
            return None
        status = getattr(exception, "status", DEFAULT_STATUS)
        logger.info("refused path=%s code=%s status=%s", request.path, exception.code, status)
        return error_response(request, status=status, message=exception.message, code=exception.code)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Say in words that an address does not take a method."""
        if response.status_code != 405:
            return response
        allowed = response.headers["Allow"]
        if is_api_request(request):
            return problem_response(
                status=405, code="method", detail=f"This address takes only: {allowed}.", headers={"Allow": allowed}
            )
        message = "This address is for what a page sends, not for opening. Go back to where you came from."
        answer = error_response(request, status=405, message=message, code="method")
        answer["Allow"] = allowed
        return answer


def error_response(
    request: HttpRequest, *, status: int, message: str, code: str, is_request_usable: bool = True
) -> HttpResponse:
    """Build the answer that the client can show: JSON where it prefers that, a fragment for htmx, else a page.

    Args:
        message: what happened, and what to do.
        is_request_usable: False where the session or the database may be what failed: the page is then rendered without
            the request, as if for an anonymous visitor.
    """
    if is_api_request(request):
        return problem_response(status=status, code=code, detail=message)
    context = {"title": TITLES.get(status, DEFAULT_TITLE), "message": message, "status": status, "code": code}
    if _prefers_json(request):
        response: HttpResponse = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    elif _is_fragment(request):
        response = HttpResponse(render_to_string("errors/_error.html", context), status=status)
        response["HX-Retarget"] = "#errors"
        response["HX-Reswap"] = "innerHTML"
    else:
        page = render_to_string("errors/error.html", context, request if is_request_usable else None)
        response = HttpResponse(page, status=status)
    patch_vary_headers(response, ("Accept", "HX-Request"))
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400, which also answers for hosts that are not ours: nothing of the request is used for the page."""
    message = "The request was not understood. Go back, reload the page and try again."
    return error_response(request, status=400, message=message, code="bad_request", is_request_usable=False)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    message = "This is not yours to open. Log in with the account that it belongs to."
    return error_response(request, status=403, message=message, code="forbidden")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    message = "The page was open for too long or cookies are blocked. Allow cookies, reload the page and try again."
    return error_response(request, status=403, message=message, code="csrf")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404. What somebody may not see is answered so too."""
    message = "There is nothing at this address, or it is not yours. Check the link, or start from the first page."
    return error_response(request, status=404, message=message, code="not_found")


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """handler429, which allauth calls when somebody logs in, signs up or asks for mails too often."""
    message = "That was tried very often in a short time. Wait a few minutes, then try again."
    return error_response(request, status=429, message=message, code="too_many")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Django has logged the exception."""
    message = "Something broke on our side and has been logged. Try again in a moment."
    return error_response(request, status=500, message=message, code="internal", is_request_usable=False)


def _is_fragment(request: HttpRequest) -> bool:
    # Read from the headers: an error may arise before any middleware ran.
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def _prefers_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
