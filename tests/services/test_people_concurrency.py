"""A hundred claims at the same moment: one award, one bonus, no debt. On both databases, with real connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Sum
from django.test import override_settings

from accounts.errors import OutOfCredits
from accounts.models import Activity, Award, CreditEntry, Referral
from accounts.services import record
from accounts.services.credits import WELCOME_CREDITS, balance_of, charge_tournament
from accounts.services.judging import MAX_A_DAY, PER_MIX
from accounts.services.referrals import FRIEND_CREDITS, INVITER_CREDITS, register_referral
from tests.factories import NOW, make_user

N_CLAIMS, N_THREADS = 100, 16

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def all_at_once(claim: Callable[[int], object]) -> list[object]:
    def run(number: int) -> object:
        try:
            return claim(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(run, range(N_CLAIMS)))


def test_a_hundred_votes_at_once_promote_and_award_exactly_once() -> None:
    user = make_user()
    all_at_once(
        lambda i: record(user_id=user.pk, kind=Activity.Kind.VOTED, key=str(i), facts={"confidence": 95}, now=NOW)
    )
    assert Award.objects.filter(user=user, slug="sharp-shooter").count() == 1
    assert set(user.credit_entries.filter(kind="promotion").values_list("key", flat=True)) == {
        "amateur",
        "professional",
    }
    # The welcome, two promotions and one achievement.
    assert balance_of(user.pk) == WELCOME_CREDITS + 1 + 3 + 1
    assert user.credit_entries.aggregate(sum=Sum("amount"))["sum"] == balance_of(user.pk)


def test_a_hundred_judged_at_once_pay_no_more_than_a_day_allows() -> None:
    user = make_user()
    all_at_once(lambda i: record(user_id=user.pk, kind=Activity.Kind.JUDGED, key=str(i), facts={}, now=NOW))
    paid = user.credit_entries.filter(kind=CreditEntry.Kind.JUDGING)
    assert set(paid.values_list("key", flat=True)) == {str(n) for n in range(1, MAX_A_DAY // PER_MIX + 1)}
    assert balance_of(user.pk) == WELCOME_CREDITS + MAX_A_DAY // PER_MIX


def test_the_same_vote_a_hundred_times_counts_once() -> None:
    user = make_user()
    noted = all_at_once(lambda _: record(user_id=user.pk, kind=Activity.Kind.VOTED, key="1", facts={}, now=NOW))
    assert noted.count(True) == 1
    assert Activity.objects.count() == 1


@override_settings(CREDITS=True)
def test_a_hundred_tournaments_at_once_cost_no_more_than_there_is() -> None:
    user = make_user()

    def claim(number: int) -> bool:
        try:
            charge_tournament(user_id=user.pk, key=str(number), title="", now=NOW)
        except OutOfCredits:
            return False
        return True

    assert all_at_once(claim).count(True) == WELCOME_CREDITS
    assert balance_of(user.pk) == 0
    assert not CreditEntry.objects.filter(balance__lt=0).exists()


def test_a_hundred_claims_of_one_referral_pay_once() -> None:
    inviter, friend = make_user(), make_user()
    register_referral(code=inviter.referral_code, friend=friend, earlier_accounts=(), now=NOW)
    EmailAddress.objects.create(user=friend, email="friend@example.org", verified=True, primary=True)
    all_at_once(lambda i: record(user_id=friend.pk, kind=Activity.Kind.VOTED, key=str(i), facts={}, now=NOW))
    assert Referral.objects.get(friend=friend).state == Referral.State.CREDITED
    assert balance_of(inviter.pk) == WELCOME_CREDITS + INVITER_CREDITS
    bonus = friend.credit_entries.filter(kind="invited").aggregate(sum=Sum("amount"))["sum"]
    assert bonus == FRIEND_CREDITS
