"""Tiers, free mixes, achievements and referrals: paid once, never negative, resting on what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.achievements import ACHIEVEMENTS, BY_SLUG
from accounts.addresses import canonical
from accounts.errors import InvalidGrant, OutOfCredits
from accounts.models import Activity, Award, CreditEntry, Notice, Referral, User
from accounts.selectors import cabinet, referral_lines
from accounts.services import record
from accounts.services.awards import award
from accounts.services.credits import WELCOME_CREDITS, balance_of, charge_tournament, grant, pay_out, refund_tournament
from accounts.services.referrals import FRIEND_CREDITS, INVITER_CREDITS, MAX_CREDITED, register_referral
from accounts.tiers import TIERS, standing, tier_of
from tests.factories import NOW, make_user

Kind = Activity.Kind


def vote(user: User, n: int = 1, *, since: int = 0, **facts: object) -> None:
    for i in range(n):
        record(user_id=user.pk, kind=Kind.VOTED, key=f"{user.pk}-{since + i}", facts=facts, now=NOW)


def verify(user: User, address: str) -> None:
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    record(user_id=user.pk, kind=Kind.VERIFIED, key=str(user.pk), facts={}, now=NOW)


def invite(inviter: User, friend: User, earlier: tuple[int, ...] = ()) -> Referral:
    referral = register_referral(code=inviter.referral_code, friend=friend, earlier_accounts=earlier, now=NOW)
    assert referral is not None
    return referral


@pytest.mark.parametrize(
    ("n_votes", "name"),
    [
        (0, "Rookie"), (10, "Rookie"), (11, "Amateur"), (50, "Amateur"), (51, "Professional"), (200, "Professional"),
        (201, "Expert"), (500, "Expert"), (501, "Legend"), (10_000, "Legend"),
    ],
)  # fmt: skip
def test_tiers_begin_where_they_should(n_votes: int, name: str) -> None:
    assert tier_of(n_votes).name == name


@given(st.integers(0, 2000))
def test_the_way_to_the_next_tier_ends_there(n_votes: int) -> None:
    now = standing(n_votes)
    assert 0.0 <= now.share <= 1.0
    if now.following is None:
        assert now.tier == TIERS[-1]
    else:
        assert tier_of(n_votes + now.n_missing) == now.following
        assert tier_of(n_votes + now.n_missing - 1) == now.tier


@pytest.mark.django_db
def test_a_promotion_is_paid_once_and_told() -> None:
    user = make_user()
    vote(user, 10)
    assert balance_of(user.pk) == WELCOME_CREDITS
    vote(user, 1, since=10)
    assert balance_of(user.pk) == WELCOME_CREDITS + 1
    vote(user, 1, since=10)
    vote(user, 5, since=11)
    assert balance_of(user.pk) == WELCOME_CREDITS + 1
    assert Notice.objects.filter(user=user, kind=Notice.Kind.PROMOTION).count() == 1
    assert "Amateur" in Notice.objects.get(user=user, kind=Notice.Kind.PROMOTION).title


@pytest.mark.django_db
def test_all_rules_together_are_two_questions_while_the_ledger_waits() -> None:
    user = make_user()
    with CaptureQueriesContext(connection) as queries:
        award(user_id=user.pk, kind=Kind.VOTED, now=NOW)
    assert len(queries) == 2


@pytest.mark.django_db
def test_an_activity_counts_once_whoever_sends_it() -> None:
    first, second = make_user(), make_user()
    assert record(user_id=first.pk, kind=Kind.BRED, key="battle", facts={}, now=NOW)
    assert not record(user_id=first.pk, kind=Kind.BRED, key="battle", facts={}, now=NOW)
    assert not record(user_id=second.pk, kind=Kind.BRED, key="battle", facts={}, now=NOW)
    assert Activity.objects.count() == 1


@pytest.mark.django_db
@override_settings(CREDITS=True)
def test_the_balance_is_the_sum_and_never_negative() -> None:
    user = make_user()
    for number in range(WELCOME_CREDITS):
        charge_tournament(user_id=user.pk, key=f"t{number}", title="A song", now=NOW)
    with pytest.raises(OutOfCredits) as refusal:
        charge_tournament(user_id=user.pk, key="one too many", title="A song", now=NOW)
    assert refusal.value.status == 402
    assert balance_of(user.pk) == 0
    refund_tournament(user_id=user.pk, key="t0", now=NOW)
    refund_tournament(user_id=user.pk, key="t0", now=NOW)
    refund_tournament(user_id=user.pk, key="never paid", now=NOW)
    assert balance_of(user.pk) == 1
    assert user.credit_entries.aggregate(sum=Sum("amount"))["sum"] == 1


@pytest.mark.django_db
def test_the_database_itself_refuses_a_debt() -> None:
    user = make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditEntry.objects.create(
            user=user, number=1, kind="tournament", key="x", amount=-1, balance=-1, created_at=NOW
        )


@pytest.mark.django_db
def test_on_a_private_install_a_tournament_costs_nothing() -> None:
    user = make_user()
    for number in range(10):
        charge_tournament(user_id=user.pk, key=str(number), title="A song", now=NOW)
    assert balance_of(user.pk) == WELCOME_CREDITS


@pytest.mark.django_db
def test_a_grant_needs_a_reason_and_takes_no_more_than_there_is() -> None:
    user, staff = make_user(), make_user(is_staff=True)
    with pytest.raises(InvalidGrant):
        grant(user=user, amount=5, reason=" ", by=staff, key="a", now=NOW)
    with pytest.raises(InvalidGrant):
        grant(user=user, amount=-4, reason="too many", by=staff, key="b", now=NOW)
    assert grant(user=user, amount=5, reason="a prize", by=staff, key="c", now=NOW)
    assert not grant(user=user, amount=5, reason="a prize", by=staff, key="c", now=NOW)
    assert balance_of(user.pk) == WELCOME_CREDITS + 5
    entry = user.credit_entries.get(kind="grant")
    assert (entry.note, entry.granted_by) == ("a prize", staff)


@pytest.mark.django_db
@pytest.mark.parametrize("achievement", ACHIEVEMENTS, ids=lambda a: a.slug)
def test_each_achievement_is_earned_by_what_it_says_and_not_before(achievement: object) -> None:
    rule = BY_SLUG[achievement.slug]  # type: ignore[attr-defined]
    facts = {name.split("__")[0]: _matching(name, value) for name, value in rule.where.items()}
    user = make_user()
    for i in range(rule.needed):
        assert not Award.objects.filter(user=user, slug=rule.slug).exists()
        different = {rule.different: i} if rule.different else {}
        record(user_id=user.pk, kind=rule.kind, key=f"k{i}", facts=facts | different, now=NOW)
    award = Award.objects.get(user=user, slug=rule.slug)
    assert award.activities.count() == rule.needed
    paid = user.credit_entries.filter(kind="achievement", key=rule.slug).aggregate(sum=Sum("amount"))["sum"] or 0
    assert paid == rule.credits
    record(user_id=user.pk, kind=rule.kind, key="more", facts=facts, now=NOW)
    assert Award.objects.filter(user=user, slug=rule.slug).count() == 1


def _matching(name: str, value: object) -> object:
    """A fact that a condition accepts."""
    if name.endswith("__gt"):
        return value + 1  # type: ignore[operator]
    return value[0] if name.endswith("__in") else value  # type: ignore[index]


@pytest.mark.django_db
def test_what_does_not_fit_the_rule_earns_nothing() -> None:
    user = make_user()
    vote(user, 20, confidence=90, heard_share=0.94, heard_least_s=14.9, choice="first")
    assert set(Award.objects.filter(user=user).values_list("slug", flat=True)) == {"first-verdict"}
    shelf = next(shelf for shelf in cabinet(user) if shelf.achievement.slug == "shades-of-gray")
    assert (shelf.n_done, shelf.earned_at) == (1, None)


@pytest.mark.django_db
def test_the_cabinet_links_to_the_votes_that_earned() -> None:
    user = make_user()
    vote(user, 1, label="Round 1 of My Song", url="/tournaments/x/rounds/1/")
    earned = cabinet(user)[0]
    assert earned.achievement.slug == "first-verdict"
    assert [(place.label, place.url) for place in earned.evidence] == [
        ("Round 1 of My Song", "/tournaments/x/rounds/1/")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("is_verified_first", [True, False])
def test_a_friend_counts_once_verified_and_heard(is_verified_first: bool) -> None:
    inviter, friend = make_user(), make_user()
    referral = invite(inviter, friend)
    if is_verified_first:
        verify(friend, "friend@example.org")
    vote(friend, 4)
    assert balance_of(inviter.pk) == WELCOME_CREDITS
    assert "1 more judged battle" in referral_lines(inviter, NOW)[0].waits_for
    vote(friend, 1, since=4)
    if not is_verified_first:
        assert referral_lines(inviter, NOW)[0].waits_for == "a verified e-mail address"
        verify(friend, "friend@example.org")
    referral.refresh_from_db()
    assert referral.state == Referral.State.CREDITED
    assert balance_of(inviter.pk) == WELCOME_CREDITS + INVITER_CREDITS
    assert balance_of(friend.pk) == WELCOME_CREDITS + FRIEND_CREDITS
    vote(friend, 3, since=5)
    assert balance_of(inviter.pk) == WELCOME_CREDITS + INVITER_CREDITS
    assert Activity.objects.filter(user=inviter, kind=Kind.REFERRED).count() == 1


@pytest.mark.django_db
def test_nobody_invites_themselves() -> None:
    inviter, other = make_user(email="me@example.org"), make_user()
    same_device = invite(inviter, make_user(), (inviter.pk,))
    assert (same_device.state, "this device" in same_device.reason) == (Referral.State.REFUSED, True)
    assert invite(inviter, make_user(), (other.pk,)).state == Referral.State.REFUSED
    tagged = make_user()
    referral = invite(inviter, tagged)
    verify(tagged, "Me+second@Example.org")
    vote(tagged, 5)
    referral.refresh_from_db()
    assert (referral.state, referral.reason) == (Referral.State.REFUSED, "The friend's e-mail address is yours.")
    assert register_referral(code=inviter.referral_code, friend=inviter, earlier_accounts=(), now=NOW) is None
    assert register_referral(code="nobody", friend=make_user(), earlier_accounts=(), now=NOW) is None
    assert balance_of(inviter.pk) == WELCOME_CREDITS


@pytest.mark.django_db
def test_two_friends_with_one_mailbox_are_one_friend() -> None:
    inviter, first, second = make_user(), make_user(), make_user()
    for friend, address in ((first, "a.b@gmail.com"), (second, "ab+2@googlemail.com")):
        invite(inviter, friend)
        verify(friend, address)
        vote(friend, 5)
    assert balance_of(inviter.pk) == WELCOME_CREDITS + INVITER_CREDITS


@pytest.mark.django_db
def test_more_friends_than_the_limit_wait_until_it_has_passed() -> None:
    inviter, friend = make_user(), make_user()
    for _ in range(MAX_CREDITED):
        referral = invite(inviter, make_user())
        Referral.objects.filter(pk=referral.pk).update(state=Referral.State.CREDITED, credited_at=NOW)
    referral = invite(inviter, friend)
    verify(friend, "late@example.org")
    vote(friend, 5)
    assert "limit" in referral_lines(inviter, NOW)[0].waits_for
    assert balance_of(inviter.pk) == WELCOME_CREDITS
    record(user_id=friend.pk, kind=Kind.VOTED, key="next month", facts={}, now=NOW + timedelta(days=31))
    referral.refresh_from_db()
    assert referral.state == Referral.State.CREDITED


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("Ann@Example.org", "ann@example.org", True),
        ("ann+x@example.org", "ann@example.org", True),
        ("a.nn@example.org", "ann@example.org", False),
        ("a.n.n@gmail.com", "ann@googlemail.com", True),
        ("ann@example.org", "ann@example.com", False),
    ],
)
def test_addresses_of_one_mailbox(one: str, other: str, are_same: bool) -> None:
    assert (canonical(one) == canonical(other)) is are_same


@pytest.mark.django_db
@settings(deadline=None)
@given(st.lists(st.integers(-4, 4).filter(bool), max_size=12))
def test_whatever_comes_and_goes_every_balance_is_the_sum_so_far(amounts: list[int]) -> None:
    user, staff = make_user(), make_user(is_staff=True)
    for number, amount in enumerate(amounts):
        if amount > 0:
            pay_out(user_id=user.pk, kind=CreditEntry.Kind.GRANT, key=str(number), amount=amount, now=NOW)
        else:
            try:
                grant(user=user, amount=amount, reason="taken", by=staff, key=str(number), now=NOW)
            except InvalidGrant:
                assert balance_of(user.pk) + amount < 0
    entries = list(user.credit_entries.order_by("number"))
    assert [entry.balance for entry in entries] == [
        sum(entry.amount for entry in entries[: i + 1]) for i in range(len(entries))
    ]
