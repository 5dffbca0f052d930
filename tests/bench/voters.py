"""Strangers who judge one shared battle at the same time, each vote sent twice at once, as impatient browsers do."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

LISTEN_S = 11.0  # what a vote needs of both sides, in real time
TIMEOUT_S = 60.0
_VOTE_URL = re.compile(r'hx-post="(/s/[^"]+/vote/[^"]+/)"')
_HEARD = json.dumps({"a": [[0.0, 5.5]], "b": [[0.0, 5.5]]})


@dataclass(frozen=True)
class Voter:
    """A browser with a ballot."""

    session: requests.Session
    url: str
    vote_path: str


def arrive(url: str, round_path: str) -> Voter:
    """From the invitation to the stage."""
    session = requests.Session()
    session.get(f"{url}{round_path}", timeout=TIMEOUT_S).raise_for_status()
    stage = session.post(f"{url}{round_path}judge/", headers=_headers(session, url), timeout=TIMEOUT_S)
    stage.raise_for_status()
    found = _VOTE_URL.search(stage.text)
    if found is None:
        raise RuntimeError("the stage has no ballot")
    return Voter(session, url, found[1])


def judge(voter: Voter, choice: str) -> float:
    """Vote twice at the same moment; both must end well. Returns seconds of the slower one."""
    sent = {"choice": choice, "confidence": "80", "segments": _HEARD}

    def send() -> None:
        answer = voter.session.post(
            voter.url + voter.vote_path, sent, headers=_headers(voter.session, voter.url), timeout=TIMEOUT_S
        )
        answer.raise_for_status()

    began = time.monotonic()
    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(send), both.submit(send)]:
            done.result()
    return time.monotonic() - began


def vote_together(url: str, round_path: str, n_voters: int) -> list[float]:
    """All of them; returns the seconds that each vote took, sorted."""
    # One after the other: they come from one address, whose guests are counted under a lock.
    voters = [arrive(url, round_path) for _ in range(n_voters)]
    with ThreadPoolExecutor(n_voters) as crowd:
        time.sleep(LISTEN_S)
        return sorted(crowd.map(lambda i: judge(voters[i], "ab"[i % 2]), range(n_voters)))


def _headers(session: requests.Session, url: str) -> dict[str, str]:
    return {"X-CSRFToken": session.cookies.get("csrftoken") or "", "Referer": url}
