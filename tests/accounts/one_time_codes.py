"""An authenticator app for tests."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

PERIOD_S = 30
TIME_TO_TYPE_S = 5


def current_code(secret: str) -> str:
    """What the app shows now; one that would change while it is typed is waited out."""
    left_s = PERIOD_S - time.time() % PERIOD_S
    if left_s < TIME_TO_TYPE_S:
        time.sleep(left_s + 0.1)
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
