"""Follow a tournament that somebody shares: say when a round opens, and how many listen and have judged.

    MIXARENA_TOKEN=ma_... python examples/follow_a_tournament.py http://127.0.0.1:8000/s/TOKEN/

It ends with the tournament, or when the link is taken back. Nothing tells who fights, or who leads; what everybody said
of the rounds that you have judged is told at the end.

The token, made at /me/tokens/, needs the scope read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients.python.mixarena_client import Arena, Document, Problem

POLL_S = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 when the tournament is over."""
    parser = argparse.ArgumentParser(description="Follow a shared tournament.")
    parser.add_argument("link", help="the address of a link to a tournament or a battle")
    address = urlsplit(parser.parse_args(arguments).link)
    share = address.path.removeprefix("/s/").split("/")[0]
    try:
        # Where the arena has no stream to spare, asking now and then beats waiting for one.
        arena = Arena(f"{address.scheme}://{address.netloc}", token=os.environ["MIXARENA_TOKEN"], max_tries=1)
    except KeyError as error:
        parser.error(f"set {error.args[0]} to a token")
    except ValueError as error:
        parser.error(str(error))
    try:
        told: list[str] = []
        for page in pages(arena, share):
            lines = [f"{page['song_title']} by {page['by']}, {page['state']}: {page['n_listeners']} listening"]
            lines += [f"Round {row['round']}: {row['n_votes']} judged" for row in hearable(page)]
            for line in lines:
                if line not in told:
                    print(line, flush=True)
            told = lines
            if page["state"] != "running":
                break
        for row in hearable(page):
            if row["is_judged"]:
                camps = arena.shared_round(share, row["round"])["crowd"]
                print(f"Round {row['round']}:", ", ".join(f"{camp['percent']} % {camp['choice']}" for camp in camps))
    except Problem as problem:
        print(f"{problem.status} {problem.code}: {problem.detail}", file=sys.stderr)
        return 1
    return 0


def pages(arena: Arena, share: str) -> Iterator[Document]:
    """What is behind a link, now and after every change; asked for every ten seconds while there is no stream."""
    while True:
        try:
            page = arena.behind_link(share)
            yield page
            for name, data in arena.shared_events(share):
                if name == "message":
                    page = arena.behind_link(share)
                else:
                    said = json.loads(data)
                    page["n_listeners"] = said["listeners"]
                    for row in page["rounds"]:
                        row["n_votes"] = said["votes"].get(str(row["round"]), row["n_votes"])
                yield page
        except Problem as problem:
            if problem.code != "too_many_streams":
                raise
        except (OSError, HTTPException) as error:
            print(f"The connection was lost ({error}).", file=sys.stderr)
        time.sleep(POLL_S)


def hearable(page: Document) -> list[Document]:
    """The rounds that can be judged."""
    return [row for row in page["rounds"] if row["is_hearable"]]


if __name__ == "__main__":
    sys.exit(main())
