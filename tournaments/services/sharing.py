"""The public link to a result, which its owner can take back at any time."""

from __future__ import annotations

from tournaments.models import Tournament, new_token


def open_link(*, tournament: Tournament) -> None:
    """Give a finished tournament a public address, unless it has one. One that still runs is left alone."""
    Tournament.objects.filter(pk=tournament.pk, state=Tournament.State.FINISHED, share_token=None).update(
        share_token=new_token()
    )


def close_link(*, tournament: Tournament) -> None:
    """Take the public address back. A link opened later is another one."""
    Tournament.objects.filter(pk=tournament.pk).update(share_token=None)
