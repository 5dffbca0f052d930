"""The pages of numbers: who may see them, what they say, and CSV that agrees with them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import InvitationVisit, Referral, User
from evolution.models import Mixer
from tests.factories import NOW, make_breeding, make_mixer, make_user
from tests.tournaments.test_rollups import busy_arena, vote_at
from tournaments.drawings.days import draw_columns, draw_days
from tournaments.models import DailyArena
from tournaments.selectors.analytics import SECTIONS, percentile
from tournaments.selectors.figures import Column, Figure, wilson
from tournaments.services.day_counts import bin_of
from tournaments.services.rollups import bring_up_to_date

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DAY = timedelta(days=1)
SPAN = {"since": "2026-01-01", "until": "2026-03-01"}
OWN = "tournaments:own-analytics"


@pytest.fixture(autouse=True)
def _users_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    # The field keeps what gives its default once it was asked for it.
    monkeypatch.setitem(User._meta.get_field("date_joined").__dict__, "_get_default", lambda: NOW)


class Tables(HTMLParser):
    """The tables of a page, by the name of their section."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self.section, self.is_cell = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.section = dict(attrs).get("id") or ""
        elif tag == "tr":
            self.found.setdefault(self.section, []).append([])
        elif tag in ("th", "td"):
            self.is_cell = True
            self.found[self.section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.is_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_cell:
            self.found[self.section][-1][-1] += data


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def section(slug: str) -> str:
    return reverse("tournaments:analytics-section", args=[slug])


def full_arena() -> User:
    """An arena in which every section has something to say; returns a listener of it."""
    voter = busy_arena(5)[0]
    make_breeding(state="rejected", finished_at=NOW, seconds=2.0)
    Referral.objects.create(inviter=voter, friend=make_user(), created_at=NOW)
    Mixer.objects.update(capabilities={"repair": 0.5})
    bring_up_to_date(now=NOW + 50 * DAY)
    return voter


@pytest.mark.parametrize("slug", list(SECTIONS))
def test_only_curators_see_the_arena_s_numbers(slug: str) -> None:
    assert logged_in(make_user()).get(section(slug)).status_code == 404
    assert Client().get(section(slug)).status_code == 302
    curator = logged_in(make_user(is_staff=True))
    assert curator.get(section(slug)).status_code == 200
    assert curator.post(section(slug)).status_code == 405


def test_the_ways_to_the_pages() -> None:
    listener, curator = logged_in(make_user()), logged_in(make_user(is_staff=True))
    address, own = reverse("tournaments:analytics"), reverse(OWN)
    assert own in listener.get(reverse("accounts:progress")).content.decode()
    assert address not in listener.get(own).content.decode().replace(own, "")
    assert f'href="{address}"' in curator.get(own).content.decode()
    assert curator.get(section("nothing")).status_code == 404
    assert Client().get(own).status_code == 302


def test_what_rounds_to_nothing_has_no_sign() -> None:
    figure = Figure("a", "A", (Column("Value", "measure"),), ((-0.0,), (-1e-7,)))
    assert [row[0].text for row in figure.cells] == ["0.000", "0.000"]
    assert "-0" not in figure.to_csv()


def test_an_empty_arena_says_so_everywhere() -> None:
    curator = logged_in(make_user(is_staff=True))
    for address in [*map(section, SECTIONS), reverse(OWN)]:
        response = curator.get(address)
        page = response.content.decode()
        assert "nothing was counted" in page
        assert "<table" not in page
        n_empty = page.count('<p class="muted">Nothing was counted for these days yet.</p>')
        assert n_empty == len(response.context["page"].figures)


def test_every_table_is_the_same_as_csv() -> None:
    full_arena()
    curator = logged_in(make_user(is_staff=True))
    for slug in SECTIONS:
        check_csv(curator, slug)


def check_csv(curator: Client, slug: str) -> None:
    page = curator.get(section(slug), SPAN)
    tables = Tables(page.content.decode()).found
    assert set(tables) == {figure.slug for figure in page.context["page"].figures if figure.rows}
    assert tables
    for name, table in tables.items():
        response = curator.get(section(slug), {**SPAN, "format": "csv", "table": name})
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert f"{name}-2026-01-01-2026-03-01.csv" in response["Content-Disposition"]
        rows = list(csv.reader(io.StringIO(response.content.decode())))
        assert [len(row) for row in rows] == [len(row) for row in table]
        assert rows[0] == table[0]
        for plain, shown in zip(rows[1:], table[1:], strict=True):
            assert [agree(a, b) for a, b in zip(plain, shown, strict=True)] == [True] * len(plain), (plain, shown)
    assert curator.get(section(slug), {**SPAN, "format": "csv", "table": "nothing"}).status_code == 404


def agree(plain: str, shown: str) -> bool:
    """Whether a value of the CSV is the one on the page."""
    if plain == "" or shown == "–":
        return (plain, shown) == ("", "–")
    if plain == shown:
        return True
    if len(plain) == 10 and plain[4] == plain[7] == "-":
        day = date.fromisoformat(plain)
        return shown == f"{day.day} {day:%b %Y}"
    number = float(plain)
    if shown.endswith(" %"):
        return abs(number * 100 - float(shown[:-2])) <= 0.0501
    if shown.endswith(" s"):
        return float(shown[:-2]) == pytest.approx(number, rel=0.01)
    return float(shown.replace("\N{NARROW NO-BREAK SPACE}", "")) == pytest.approx(number, abs=0.51)


def test_win_rates_are_those_of_the_votes() -> None:
    voter, first, second = make_user(), make_mixer(nickname="Alpha"), make_mixer(nickname="Beta")
    for choice in ("first", "first", "first", "second", "tie", "neither"):
        vote_at(NOW, voter=voter, first=first, second=second, choice=choice, genre="jazz")
    bring_up_to_date(now=NOW + DAY)
    page = logged_in(make_user(is_staff=True)).get(section("mixers"), SPAN).context["page"]
    figures = {figure.slug: figure for figure in page.figures}
    share, low, high = wilson(3, 4)
    assert figures["win-rates"].rows[0] == ("Alpha", 3, 1, 1, 1, share, low, high)
    assert figures["genres"].rows[0] == ("Jazz", "Alpha", 3, 1, 1, 1, share, low, high)
    assert figures["win-rates"].rows[1][:5] == ("Beta", 1, 3, 1, 1)
    own = logged_in(voter).get(reverse(OWN), SPAN).context["page"]
    assert {figure.slug: figure for figure in own.figures}["mixers"].rows[0] == ("Alpha", 3, 1, 1, 1, share, low, high)


def test_the_funnel_of_invitations_begins_with_their_visits() -> None:
    inviter = make_user()
    InvitationVisit.objects.bulk_create([InvitationVisit(inviter=inviter, at=NOW) for _ in range(4)])
    Referral.objects.create(inviter=inviter, friend=make_user(), created_at=NOW)
    bring_up_to_date(now=NOW + DAY)
    page = logged_in(make_user(is_staff=True)).get(section("funnel"), SPAN).context["page"]
    figure = next(figure for figure in page.figures if figure.slug == "referrals")
    assert figure.rows[:2] == (("Opened a link", 4, 1.0), ("Signed up by a link", 1, 0.25))


def test_a_listener_sees_their_own_votes_and_nobody_else_s() -> None:
    voter, other, first, second = make_user(), make_user(), make_mixer(nickname="Alpha"), make_mixer()
    stranger_s = make_mixer(nickname="Gamma")
    vote_at(NOW, voter=voter, first=first, second=second, confidence=95)
    for _ in range(3):
        vote_at(NOW, voter=other, first=stranger_s, second=second)
    bring_up_to_date(now=NOW + DAY)
    page = logged_in(voter).get(reverse(OWN), SPAN)
    figures = {figure.slug: figure for figure in page.context["page"].figures}
    assert figures["votes"].rows == ((NOW.date(), 1, 0, 0, 1, 0),)
    assert [row[1] for row in figures["confidence"].rows] == [0] * 9 + [1]
    assert "Alpha" in page.content.decode()
    assert "Gamma" not in page.content.decode()
    text = logged_in(voter).get(reverse(OWN), {**SPAN, "format": "csv"}).content.decode()
    assert list(csv.reader(io.StringIO(text)))[1] == ["2026-01-02", "1", "0", "0", "1", "0"]


def test_days_outside_of_the_span_are_left_out_and_wrong_ones_are_said() -> None:
    voter, first, second = make_user(), make_mixer(), make_mixer()
    for i in range(10):
        vote_at(NOW + i * DAY, voter=voter, first=first, second=second)
    bring_up_to_date(now=NOW + 10 * DAY)
    curator = logged_in(make_user(is_staff=True))
    page = curator.get(section("arena"), {"since": "2026-01-04", "until": "2026-01-06"})
    assert page.context["page"].facts[0].value == "3"
    assert [row[0].day for row in page.context["page"].figures[0].rows] == [6, 5, 4]
    backwards = curator.get(section("arena"), {"since": "2026-01-06", "until": "2026-01-04"})
    assert backwards.status_code == 422
    assert "before the first" in backwards.content.decode()
    too_long = curator.get(section("arena"), {"since": "2016-01-06", "until": "2026-01-04"})
    assert (too_long.status_code, "two years" in too_long.content.decode()) == (422, True)
    assert curator.get(section("arena"), {"since": "soon"}).status_code == 422


def test_more_rows_need_no_more_queries() -> None:
    voters = busy_arena(1, n_votes=10)
    curator = make_user(is_staff=True)
    bring_up_to_date(now=NOW + 50 * DAY)
    addresses = {**{section(slug): curator for slug in SECTIONS}, reverse(OWN): voters[0]}

    def n_queries(address: str) -> int:
        client = logged_in(addresses[address])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address, SPAN).status_code == 200
        return len(queries)

    few = {address: n_queries(address) for address in addresses}
    busy_arena(2, n_votes=60)
    for first, second in ((make_mixer(), make_mixer()) for _ in range(5)):
        vote_at(NOW, voter=voters[0], first=first, second=second)
    bring_up_to_date(now=NOW + 50 * DAY)
    assert {address: n for address in addresses if (n := n_queries(address)) > few[address]} == {}


def test_retention_is_a_triangle_of_those_who_came_back() -> None:
    full_arena()
    page = logged_in(make_user(is_staff=True)).get(section("listeners"), SPAN).context["page"]
    rows = {figure.slug: figure for figure in page.figures}["retention"].rows
    cohort, size, *shares = rows[0]
    n_sign_ups = sum(row.counters["sign_ups"] for row in DailyArena.objects.filter(day__lte=cohort + 6 * DAY))
    assert size == n_sign_ups
    assert all(share is not None and 0 <= share <= 1 for share in shares[:9])
    assert shares[9:] == [None] * 3
    assert max(shares[:6]) > 0


def test_pages_bring_no_inline_style_or_script() -> None:
    full_arena()
    for slug in SECTIONS:
        page = logged_in(make_user(is_staff=True)).get(section(slug), SPAN).content.decode()
        assert " style=" not in page
        assert "<script>" not in page


def test_a_formula_in_a_name_stays_a_text() -> None:
    figure = Figure("a", "A", (Column("Mixer", "text"), Column("n")), (("=1+1", -3),))
    assert figure.to_csv().splitlines() == ["Mixer,n", "'=1+1,-3"]


def test_wilson_s_interval_at_a_published_example_and_at_the_ends() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263 and 0 of 20.
    assert wilson(81, 263)[1:] == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20)[1:] == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 1)[2] == pytest.approx(1.0)
    assert wilson(0, 0) == (None, None, None)


def test_percentiles_out_of_bins_come_within_a_bin() -> None:
    seconds = [0.1 * 1.03**i for i in range(300)]
    bins: dict[str, int] = {}
    for value in seconds:
        bins[str(bin_of(value))] = bins.get(str(bin_of(value)), 0) + 1
    for share in (0.5, 0.9, 0.99):
        assert percentile(bins, share) == pytest.approx(seconds[round(share * 300) - 1], rel=0.13)
    assert percentile({}, 0.5) is None


def test_a_line_has_gaps_and_a_column_stands_on_zero() -> None:
    days = [NOW.date() + i * DAY for i in range(5)]
    chart = draw_days(days, [("Votes", [1.0, 2.0, None, 4.0, None])])
    assert chart is not None
    assert chart.lines[0].path.count("M") == 2
    assert chart.summary == "Votes: 1 on 2 Jan, 4 on 5 Jan, highest 4 on 5 Jan"
    assert draw_days(days, [("Votes", [0.0] * 5)]) is None
    only = draw_days(days[:1], [("Votes", [3.0])])
    assert only is not None
    assert [tick.at for tick in only.x_ticks] == [(only.left + only.right) / 2]
    assert only.lines[0].path == f"M{only.x_ticks[0].at - 7:g} 10L{only.x_ticks[0].at + 7:g} 10"
    columns = draw_columns(["a", "b"], [0, 10])
    assert columns is not None
    assert [bar.height for bar in columns.bars] == [0.0, columns.bars[0].y - columns.bars[1].y]
    assert draw_columns(["a"], [0]) is None
