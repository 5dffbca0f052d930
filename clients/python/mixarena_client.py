"""A client for the API of MixArena, in one file and with nothing but the standard library: copy it where you need it.

    arena = Arena("http://127.0.0.1:8000", token="ma_...")
    song = arena.wait_for_song(arena.upload_song("night_drive.wav")["id"])
    tournament = arena.start_tournament(song["id"], genre=song["genre_guess"], n_rounds=3)

Every method answers with the document that /api/docs describes, as a dictionary. A refusal raises `Problem`. Whoever
asks too often, or meets a busy arena, waits as long as the arena says and tries again.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

Document = dict[str, Any]

BUSY = (429, 503)


class Problem(Exception):
    """What the arena refused: status, a code for programs, and what happened and what to do."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail", "")))
        self.status = int(document.get("status", 0))
        self.code = str(document.get("code", ""))
        self.detail = str(document.get("detail", ""))
        self.errors = list(document.get("errors", []))


class Arena:
    """An arena, as the owner of a token sees it."""

    def __init__(self, url: str, *, token: str, timeout_s: float = 60.0, max_tries: int = 5) -> None:
        """Nothing is sent before the first question.

        Args:
            url: where the arena is, such as http://127.0.0.1:8000.
            token: made on the page /me/tokens/ of the arena.
            timeout_s: how long one answer may take to begin.
            max_tries: how often a request is sent while the arena answers that it is busy.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is no address of an arena: it begins with neither http:// nor https://")
        self.url = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self._max_tries = max_tries
        self._opener: OpenerDirector = build_opener(_NoRedirect)
        self._sleep: Callable[[float], None] = time.sleep

    # --- Mixers, boards and listeners

    def mixers(self, *, genre: str = "", architecture: str = "") -> Iterator[Document]:
        """Living mixers, best first."""
        return self._all("mixers", genre=genre, architecture=architecture)

    def mixer(self, slug: str) -> Document:
        """One mixer with its ratings and its family."""
        return self._ask("GET", f"mixers/{slug}")

    def live_board(self, *, genre: str = "") -> Iterator[Document]:
        """The live board, overall or in a genre."""
        return self._all("boards/live", genre=genre)

    def official_board(self, *, genre: str = "", architecture: str = "") -> Document:
        """The official board with its intervals."""
        return self._ask("GET", "boards/official", query={"genre": genre, "architecture": architecture})

    def download_mixer(self, slug: str, path: str | Path) -> Path:
        """A mixer's weights and card, with licences and lineage, as a zip."""
        return self.download(f"/api/v1/mixers/{slug}/file", path)

    def follow(self, slug: str) -> None:
        """Hear when a mixer wins, breeds or retires."""
        self._ask("PUT", f"mixers/{slug}/follow")

    def unfollow(self, slug: str) -> None:
        """Hear of it no more."""
        self._ask("DELETE", f"mixers/{slug}/follow")

    def offer_mixer(self, weights: str | Path, card: str | Path) -> Document:
        """Offer a mixer of your own: safetensors and TOML."""
        body, content_type = _multipart([("weights", Path(weights)), ("card", Path(card))], {})
        return self._ask("POST", "submissions", body=body, content_type=content_type)

    def submission(self, number: int) -> Document:
        """How far an offered mixer has come."""
        return self._ask("GET", f"submissions/{number}")

    def submissions(self) -> list[Document]:
        """The mixers that you offered, newest first."""
        return list(self._ask("GET", "submissions"))

    # --- What is yours

    def me(self) -> Document:
        """The token's owner: tier, free mixes, scopes."""
        return self._ask("GET", "me")

    def achievements(self) -> list[Document]:
        """Every achievement: the earned ones with their evidence, then the nearest ones."""
        return list(self._ask("GET", "me/achievements"))

    def notices(self) -> Iterator[Document]:
        """Your news, newest first."""
        return self._all("me/notices")

    def see_notices(self, upto: int) -> None:
        """Say that you have looked at your news up to the one with this `id`."""
        self._ask("POST", "me/notices/seen", document={"upto": upto})

    def follows(self) -> Iterator[Document]:
        """The mixers that you follow."""
        return self._all("me/follows")

    def privacy(self) -> Document:
        """What others may see of you."""
        return self._ask("GET", "me/privacy")

    def change_privacy(self, *, is_public: bool, is_ranked: bool) -> Document:
        """Open or close your profile, and stand on the board of listeners or not."""
        return self._ask("PUT", "me/privacy", document={"is_public": is_public, "is_ranked": is_ranked})

    def credits(self) -> Iterator[Document]:
        """The ledger of your free mixes, newest first."""
        return self._all("me/credits")

    def referrals(self) -> Document:
        """Your link, and who came by it."""
        return self._ask("GET", "me/referrals")

    def changes(self) -> Document:
        """What your votes changed, in numbers."""
        return self._ask("GET", "me/changes")

    def votes(self) -> Iterator[Document]:
        """Your votes with what came of each, newest first."""
        return self._all("me/votes")

    def taste(self) -> list[Document]:
        """Your taste as your votes tell it."""
        return list(self._ask("GET", "me/taste"))

    def forget_taste(self) -> None:
        """Let your taste start anew."""
        self._ask("DELETE", "me/taste")

    def data(self) -> Document:
        """Everything that the arena knows of you."""
        return self._ask("GET", "me/data")

    def numbers(self, section: str = "", *, since: str = "", until: str = "") -> Document:
        """Your own voting patterns, or a section of the arena's numbers for its curators; days as 2026-01-31."""
        return self._ask("GET", _numbers(section), query={"since": since, "until": until})

    def download_numbers(
        self, path: str | Path, *, table: str, section: str = "", since: str = "", until: str = ""
    ) -> Path:
        """One of their tables as CSV."""
        days = urlencode({name: day for name, day in (("since", since), ("until", until)) if day})
        return self.download(f"/api/v1/{_numbers(section)}/{table}.csv?{days}", path)

    def person(self, username: str) -> Document:
        """A public profile."""
        return self._ask("GET", f"people/{username}")

    # --- Songs

    def songs(self) -> Iterator[Document]:
        """Your songs, newest first."""
        return self._all("songs")

    def upload_song(self, *paths: str | Path, title: str = "") -> Document:
        """Upload a song: one file, its stems, or a zip of them."""
        body, content_type = _multipart([("file", Path(path)) for path in paths], {"title": title})
        return self._ask("POST", "songs", body=body, content_type=content_type)

    def song(self, song: str) -> Document:
        """One song."""
        return self._ask("GET", f"songs/{song}")

    def wait_for_song(self, song: str, *, timeout_s: float = 300.0) -> Document:
        """The song once it is ready. Raises ValueError, with the reason, if it turns out not to be usable."""
        found = self._wait(lambda: self.song(song), lambda row: row["state"] != "uploaded", timeout_s, "the song")
        if found["state"] != "ready":
            raise ValueError(found["refusal"] or f"the song is {found['state']}")
        return found

    def delete_song(self, song: str) -> None:
        """Delete a song with everything made from it, for good."""
        self._ask("DELETE", f"songs/{song}")

    def stems(self, song: str) -> Document:
        """The stems of a song, and what they play."""
        return self._ask("GET", f"songs/{song}/stems")

    def change_roles(self, song: str, roles: Mapping[int, str]) -> Document:
        """Correct what stems play, by their numbers, before the first tournament on the song."""
        return self._ask("PATCH", f"songs/{song}/stems", document={"roles": dict(roles)})

    # --- Albums

    def albums(self) -> Iterator[Document]:
        """Your albums, newest first."""
        return self._all("albums")

    def make_album(self, title: str, songs: Sequence[str], *, mixer: str, format: str = "wav24") -> Document:
        """Have songs mixed as an album, in this order, all by one mixer."""
        wanted = {"title": title, "songs": list(songs), "mixer": mixer, "format": format}
        return self._ask("POST", "albums", document=wanted)

    def make_album_again(self, album: str) -> Document:
        """Ask once more for an album that failed or whose file is gone."""
        return self._ask("POST", f"albums/{album}/again")

    def wait_for_album(self, album: str, *, timeout_s: float = 1800.0) -> Document:
        """The album once it is ready. Raises ValueError, with the reason, if it failed."""
        return self._ready(f"albums/{album}", timeout_s, "the album")

    # --- Tournaments

    def tournaments(self) -> Iterator[Document]:
        """Your tournaments, newest first."""
        return self._all("tournaments")

    def start_tournament(self, song: str, *, genre: str, n_rounds: int = 5) -> Document:
        """Start a tournament of 3 to 10 rounds."""
        return self._ask("POST", "tournaments", document={"song": song, "genre": genre, "n_rounds": n_rounds})

    def tournament(self, tournament: str) -> Document:
        """Where a tournament stands."""
        return self._ask("GET", f"tournaments/{tournament}")

    def wait_for_battle(self, tournament: str, *, timeout_s: float = 300.0) -> Document:
        """The tournament once its next battle is open, or once it is over."""
        return self._wait(
            lambda: self.tournament(tournament),
            lambda row: row["battle"] == "open" or row["state"] != "running",
            timeout_s,
            "the next battle",
        )

    def events(self, tournament: str) -> Iterator[tuple[str, str]]:
        """Name and data of an event now, and of another whenever something changed, until the arena has no more."""
        return self._events(f"tournaments/{tournament}/live")

    def take_ballot(self, tournament: str) -> Document:
        """The ballot of the open battle."""
        return self._ask("POST", f"tournaments/{tournament}/ballot")

    def heard(
        self,
        ballot: str,
        *,
        a: Sequence[Sequence[float]],
        b: Sequence[Sequence[float]],
        switches: Sequence[tuple[float, str]] = (),
    ) -> Document:
        """Say which stretches of both sides were heard, in seconds.

        Args:
            switches: when the listener changed, in seconds since the ballot's `issued_at`, and to which side.
        """
        return self._ask("POST", f"ballots/{ballot}/heard", document={"a": a, "b": b, "switches": switches})

    def vote(self, ballot: str, choice: str, *, confidence: int) -> Document:
        """Vote `a`, `b`, `tie` or `neither`, 0 to 100 % sure; answers with the battle uncovered."""
        return self._ask("POST", f"ballots/{ballot}/vote", document={"choice": choice, "confidence": confidence})

    def breedings(self, tournament: str) -> list[Document]:
        """What became of the votes."""
        found: list[Document] = self._ask("GET", f"tournaments/{tournament}/breedings")
        return found

    def result(self, tournament: str) -> Document:
        """The champion, and the mixes to take home."""
        return self._ask("GET", f"tournaments/{tournament}/result")

    def share(self, tournament: str, *, is_public: bool = False, name: str = "") -> str:
        """Let others judge the battles blind; gives the link. Without a name your username stands under it."""
        body = {"is_public": is_public, "name": name}
        return str(self._ask("POST", f"tournaments/{tournament}/share", document=body)["url"])

    # --- Links and clips

    def links(self, tournament: str) -> Document:
        """Everything that is and can be shared of a tournament."""
        return self._ask("GET", f"tournaments/{tournament}/links")

    def share_round(self, tournament: str, number: int, *, name: str = "") -> Document:
        """Let others judge one battle blind; gives the link."""
        return self._ask("POST", f"tournaments/{tournament}/rounds/{number}/share", document={"name": name})

    def share_mix(self, tournament: str, mix: str, *, name: str = "") -> Document:
        """Let others hear a mix of a finished tournament; gives the link."""
        return self._ask("POST", f"tournaments/{tournament}/mixes/{mix}/share", document={"name": name})

    def take_back(self, share: str) -> None:
        """Take a link back, by its token."""
        self._ask("DELETE", f"links/{share}")

    def make_clip(self, tournament: str, number: int, *, timeout_s: float = 600.0) -> Document:
        """Have a blind clip of a battle made, and wait until it is ready to be downloaded."""
        path = f"tournaments/{tournament}/rounds/{number}/clip"
        self._ask("POST", path)
        return self._ready(path, timeout_s, "the clip")

    # --- What others share

    def shared(self) -> Iterator[Document]:
        """Tournaments that everybody may judge, newest first."""
        return self._all("shared")

    def behind_link(self, share: str) -> Document:
        """The rounds behind a link, by its token."""
        return self._ask("GET", f"shared/{share}")

    def shared_events(self, share: str) -> Iterator[tuple[str, str]]:
        """As `events`, of what is behind a link; names nobody, and not what was voted."""
        return self._events(f"shared/{share}/live")

    def take_shared_ballot(self, share: str, number: int) -> Document:
        """The ballot of a shared battle."""
        return self._ask("POST", f"shared/{share}/rounds/{number}/ballot")

    def vote_shared(self, share: str, number: int, choice: str, *, confidence: int) -> Document:
        """Vote on a shared battle; answers with who was who and what everybody said."""
        body = {"choice": choice, "confidence": confidence}
        return self._ask("POST", f"shared/{share}/rounds/{number}/vote", document=body)

    def shared_round(self, share: str, number: int) -> Document:
        """A shared battle that you have judged."""
        return self._ask("GET", f"shared/{share}/rounds/{number}")

    # --- The judging queue

    def take_next(self) -> Document:
        """What you are to judge next; its `item` is None while there is nothing."""
        return self._ask("POST", "queue")

    def judge(self, number: int, choice: str, *, confidence: int) -> Document:
        """Judge an item of the queue; answers with what it was."""
        return self._ask("POST", f"queue/{number}/vote", document={"choice": choice, "confidence": confidence})

    def pass_over(self, number: int) -> Document:
        """Take another item instead."""
        return self._ask("POST", f"queue/{number}/another")

    def judged(self, number: int) -> Document:
        """What an item was that you have judged."""
        return self._ask("GET", f"queue/{number}")

    def listening(self) -> Document:
        """What the checks of the queue say of you."""
        return self._ask("GET", "me/listening")

    # --- ABX tests

    def start_abx(self, ballot: str, *, n_trials: int = 12) -> Document:
        """Begin a test of 8, 12 or 16 trials on a battle that you have judged, by its ballot's token."""
        return self._ask("POST", f"ballots/{ballot}/abx", document={"n_trials": n_trials})

    def abx(self, ballot: str) -> Document:
        """The trial that waits for an answer, and the tests that are over."""
        return self._ask("GET", f"ballots/{ballot}/abx")

    def answer_abx(
        self,
        trial: str,
        answer: str,
        *,
        x: Sequence[Sequence[float]],
        a: Sequence[Sequence[float]] = (),
        b: Sequence[Sequence[float]] = (),
    ) -> Document:
        """Say that X is `a` or `b`, and which stretches were heard, in seconds; gives the next trial or the result."""
        body = {"answer": answer, "a": a, "b": b, "x": x}
        return self._ask("POST", f"abx/{trial}/answer", document=body)

    def give_abx_up(self, ballot: str) -> None:
        """Give the running test up."""
        self._ask("DELETE", f"ballots/{ballot}/abx")

    # --- Finished mixes

    def take_mix(self, tournament: str, mix: str) -> Document:
        """Take home another mix than the champion's; answers with the result."""
        return self._ask("PUT", f"tournaments/{tournament}/taken", document={"mix": mix})

    def recipe(self, tournament: str, mix: str) -> Document:
        """What a mix did, its parameters, and the versions of it."""
        return self._ask("GET", f"tournaments/{tournament}/mixes/{mix}")

    def mix_settings(self, tournament: str, mix: str) -> Document:
        """A mix's settings in physical units."""
        return self._ask("GET", f"tournaments/{tournament}/mixes/{mix}/settings.json")

    def make_version(
        self,
        tournament: str,
        mix: str,
        *,
        words: Mapping[str, int] | None = None,
        locks: Sequence[str] = (),
        values: Mapping[str, float | None] | None = None,
        timeout_s: float = 600.0,
    ) -> Document:
        """Have a version of a mix made, and wait until it is ready.

        Args:
            words: `brightness`, `loudness`, `width`, `punch` (-100 to 100) and `strength` (0 to 150), in percent.
            locks: groups of settings that words and strength leave alone.
            values: parameters set by hand, by their paths; None turns one off.
        """
        wanted = {**(words or {}), "locks": list(locks), "values": dict(values or {})}
        made = self._ask("POST", f"tournaments/{tournament}/mixes/{mix}/versions", document=wanted)
        return self._ready(f"tournaments/{tournament}/mixes/{made['mix']}", timeout_s, "the version")

    def follow_reference(
        self,
        tournament: str,
        mix: str,
        reference: str | Path,
        *,
        words: Mapping[str, int] | None = None,
        timeout_s: float = 600.0,
    ) -> Document:
        """Have a version made that comes near to a recording, and wait until it is ready."""
        fields = {name: str(value) for name, value in (words or {}).items()}
        body, content_type = _multipart([("reference", Path(reference))], fields)
        path = f"tournaments/{tournament}/mixes/{mix}/references"
        made = self._ask("POST", path, body=body, content_type=content_type)
        return self._ready(f"tournaments/{tournament}/mixes/{made['mix']}", timeout_s, "the version")

    # --- Files

    def make_file(
        self, tournament: str, *, format: str = "wav24", mix: str | None = None, timeout_s: float = 600.0
    ) -> Document:
        """Have a mix made as a file, and wait until it is ready."""
        wanted = {"format": format, "mix": mix}
        export = self._ask("POST", f"tournaments/{tournament}/exports", document=wanted)
        return self._ready(f"exports/{export['id']}", timeout_s, "the file")

    def download(self, url: str, path: str | Path) -> Path:
        """Write to a file what an address of this arena holds: its `url`, `a_url` and the like."""
        target = Path(path)
        with self._send("GET", urljoin(f"{self.url}/", url)) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
        return target

    # --- Asking

    def _all(self, path: str, **query: str) -> Iterator[Document]:
        offset = 0
        while True:
            page = self._ask("GET", path, query={**query, "limit": "100", "offset": str(offset)})
            yield from page["items"]
            offset += len(page["items"])
            if not page["items"] or offset >= page["count"]:
                return

    def _events(self, path: str) -> Iterator[tuple[str, str]]:
        name = "message"
        with self._send("GET", f"{self.url}/api/v1/{path}") as answer:
            for line in answer:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                if name == "end":
                    return
                if field == "data":
                    yield name, value

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Any:
        parameters = urlencode({name: value for name, value in (query or {}).items() if value})
        url = f"{self.url}/api/v1/{path}" + (f"?{parameters}" if parameters else "")
        if document is not None:
            body = json.dumps(document).encode()
        with self._send(method, url, body=body, content_type=content_type) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def _send(self, method: str, url: str, *, body: bytes | None = None, content_type: str = "") -> BinaryIO:
        if not url.startswith(f"{self.url}/"):
            raise ValueError(f"{url} is not an address of {self.url}, which alone is shown the token")
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["Content-Type"] = content_type
        request = Request(url, data=body, headers=headers, method=method)  # noqa: S310  (http or https, see above)
        for n_left in range(self._max_tries - 1, -1, -1):
            try:
                answer: BinaryIO = self._opener.open(request, timeout=self._timeout_s)
            except HTTPError as error:
                with error:
                    document = _document(error)
                if error.code not in BUSY or n_left == 0:
                    raise Problem(document) from None
                self._sleep(_wait_s(error.headers.get("Retry-After", "")))
            else:
                return answer
        raise AssertionError("max_tries is less than 1")

    def _ready(self, path: str, timeout_s: float, what: str) -> Document:
        made = self._wait(
            lambda: self._ask("GET", path), lambda row: row["state"] in ("ready", "failed"), timeout_s, what
        )
        if made["state"] != "ready":
            raise ValueError(made["reason"] or f"{what} could not be made")
        return made

    def _wait(
        self, ask: Callable[[], Document], is_over: Callable[[Document], bool], timeout_s: float, what: str
    ) -> Document:
        deadline, pause_s = time.monotonic() + timeout_s, 0.5
        while True:
            found = ask()
            if is_over(found):
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout_s:g} s for {what}")
            self._sleep(pause_s)
            pause_s = min(1.3 * pause_s, 3.0)


class _NoRedirect(HTTPRedirectHandler):
    """The arena's API does not redirect, and nobody else shall be shown the token."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _document(error: HTTPError) -> Document:
    try:
        found = json.loads(error.read())
    except ValueError:
        found = {}
    known: Document = {"status": error.code, "detail": f"The arena answered {error.code} {error.reason}."}
    return known | found if isinstance(found, dict) else known


def _wait_s(retry_after: str) -> float:
    return min(float(retry_after), 120.0) if retry_after.isdigit() else 2.0


def _numbers(section: str) -> str:
    return f"analytics/{section}" if section else "me/analytics"


def _multipart(files: Sequence[tuple[str, Path]], fields: Mapping[str, str]) -> tuple[bytes, str]:
    """A form with files (RFC 7578), all of it in memory."""
    boundary = uuid.uuid4().hex
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, path in files:
        file_name = path.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"'
        parts.append(f"--{boundary}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        parts += [path.read_bytes(), b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
