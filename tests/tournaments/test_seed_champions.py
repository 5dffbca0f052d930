"""Seeding the shipped mixers: once, whatever happens in between, and with ratings that a replay finds again."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from evolution.models import Mixer
from tournaments.models import LedgerEvent, Rating
from tournaments.services.ledger import differences_from_replay

pytestmark = pytest.mark.django_db

SEED_RATINGS = {
    "baseline-beast": 1250,
    "enhanced-enforcer": 1300,
    "veteran-virtuoso": 1280,
    "elite-warrior": 1350,
    "boss-collective": 1400,
}


def seed() -> str:
    out = StringIO()
    call_command("seed_champions", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_five_champions_enter_once_with_their_priors() -> None:
    assert "5 of them new" in seed()
    ratings = {row.mixer.slug: row.rating for row in Rating.objects.select_related("mixer")}
    assert ratings == SEED_RATINGS
    assert list(LedgerEvent.objects.values_list("kind", flat=True)) == ["seed"] * 5
    assert differences_from_replay() == []

    assert "0 of them new" in seed()
    assert LedgerEvent.objects.count() == Mixer.objects.count() == 5


def test_a_seeding_that_was_cut_off_between_registry_and_ledger_is_finished_by_the_next() -> None:
    seed()
    newest = LedgerEvent.objects.latest("number")
    Rating.objects.filter(mixer=newest.payload["mixer"]).delete()
    assert "1 of them new" in seed()
    assert Rating.objects.count() == 5
