"""From which networks listeners were seen. Allauth's sessions keep one address each; here they follow their listener.

What a session was seen from goes with it: when it is ended, or found to have run out at the next log-in.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from accounts.networks import network_of

# Earlier networks of one session, in its `data`; of those who travel the newest are kept.
EARLIER, MAX_EARLIER = "networks", 50


def note_address(*, session_key: str, address: str) -> None:
    """The session is used from this address now. Only another network than before is worth a write."""
    network = network_of(address)
    session = UserSession.objects.filter(session_key=session_key).first() if network else None
    if session is None or network_of(session.ip) == network:
        return
    earlier = [*(known for known in _earlier(session) if known != network), network_of(session.ip)]
    session.ip = address
    session.data[EARLIER] = [known for known in earlier if known][-MAX_EARLIER:]
    session.save(update_fields=["ip", "data"])


def networks_of(user_id: int) -> set[str]:
    """Every network from which the listener's sessions were seen, as far as it tells people apart."""
    sessions = UserSession.objects.filter(user=user_id)
    return {known for row in sessions for known in (network_of(row.ip), *_earlier(row)) if known}


def is_seen_only_beside(*, friend_id: int, inviter_id: int) -> bool:
    """Whether the friend was seen from networks, but from none of which the inviter was not seen too."""
    networks = networks_of(friend_id)
    return bool(networks) and networks <= networks_of(inviter_id)


def _earlier(session: UserSession) -> list[str]:
    found: list[str] = session.data.get(EARLIER, [])
    return found
