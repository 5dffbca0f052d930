"""The family tree: its page, its table, and its files."""

from __future__ import annotations

import io
from typing import Any

import networkx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evolution.models import Mixer, Parentage
from mixing.breeding.profile import CAPABILITIES
from tests.factories import make_mixer
from tournaments.selectors.family_tree import CODES

pytestmark = pytest.mark.django_db


def breed(nickname: str, loser: Mixer, winner: Mixer, share: float = 0.6, **overrides: Any) -> Mixer:
    """An offspring with `share` from the winner."""
    child = make_mixer(
        nickname=nickname,
        slug=nickname.lower(),
        is_champion=False,
        generation=max(loser.generation, winner.generation) + 1,
        **overrides,
    )
    Parentage.objects.create(child=child, parent=loser, role=Parentage.Role.LOSER, share=1 - share)
    Parentage.objects.create(child=child, parent=winner, role=Parentage.Role.WINNER, share=share)
    return child


@pytest.fixture
def family() -> dict[str, Mixer]:
    """Ada and Bob have Kim (retired) and Lou (retired); Kim and Cleo have Max; Lou has nobody."""
    ada, bob, cleo = (make_mixer(nickname=name, slug=name.lower()) for name in ("Ada", "Bob", "Cleo"))
    retired = Mixer.State.RETIRED
    kim = breed("Kim", ada, bob, state=retired, capabilities={"warmth": 0.4, "modern_sound": 1.2, "width": -2.0})
    lou = breed("Lou", ada, bob, state=retired)
    max_ = breed("Max", kim, cleo, share=0.7)
    return {mixer.nickname: mixer for mixer in (ada, bob, cleo, kim, lou, max_)}


def shown(client: Client, query: str = "") -> set[str]:
    """Slugs of what the file holds; the page draws the same."""
    found = {mixer["slug"] for mixer in client.get(f"/mixers/family.json{query}").json()["mixers"]}
    page = client.get(f"/mixers/family/{query}").content.decode()
    slugs = Mixer.objects.values_list("slug", flat=True)
    assert {slug for slug in slugs if f'<a href="/mixers/{slug}/"' in page.partition("tree__one")[2]} == found
    return found


def test_the_living_and_their_ancestors_are_shown_or_all(client: Client, family: dict[str, Mixer]) -> None:
    assert shown(client) == {"ada", "bob", "cleo", "kim", "max"}
    assert "5 of 6 mixers; 1 retired" in client.get("/mixers/family/").content.decode()
    assert shown(client, "?show=all") == {"ada", "bob", "cleo", "kim", "lou", "max"}


def test_one_line_leaves_out_who_is_not_in_it(client: Client, family: dict[str, Mixer]) -> None:
    assert shown(client, "?of=cleo") == {"cleo", "max"}
    assert shown(client, "?of=ada") == {"ada", "kim", "max"}
    assert shown(client, "?of=ada&show=all") == {"ada", "kim", "lou", "max"}
    # A retired mixer that nobody descends from is still shown where it is asked for.
    assert shown(client, "?of=lou") == {"lou", "ada", "bob"}
    assert 'href="/mixers/lou/" aria-current="page"' in client.get("/mixers/family/?of=lou").content.decode()


@pytest.mark.parametrize("query", ["of=nobody", "show=some", "as=poem"])
def test_what_there_is_not_is_not_found(client: Client, family: dict[str, Mixer], query: str) -> None:
    assert client.get(f"/mixers/family/?{query}").status_code == 404


def test_nodes_tell_everything_in_words(client: Client, family: dict[str, Mixer]) -> None:
    body = client.get("/mixers/family/").content.decode()
    assert "Kim, generation 1, retired, strongest in modern sound, rating 1300, from Ada (40 %) and Bob (60 %)" in body
    assert '<tspan class="tree__code">Mo</tspan>' in body
    assert "<title>30 % of Max comes from Kim</title>" in body
    assert "Ada, champion, living, not measured, rating 1300" in body


def test_the_table_says_the_same(client: Client, family: dict[str, Mixer]) -> None:
    body = client.get("/mixers/family/?as=table&of=max").content.decode()
    row = body.partition('href="/mixers/kim/"')[2].partition("</tr>")[0]
    for words in ("Ada (40 %)", "Bob (60 %)", "modern sound", "1.2", "retired", "1300"):
        assert words in row
    assert "tree__one" not in body
    # The switches and the files keep the rest of the choice.
    assert 'href="/mixers/family/?of=max"' in body
    assert 'href="/mixers/family.json?of=max"' in body


def test_the_json_holds_parents_and_what_was_measured(client: Client, family: dict[str, Mixer]) -> None:
    mixers = {m["slug"]: m for m in client.get("/mixers/family.json").json()["mixers"]}
    assert mixers["max"]["parents"] == [
        {"slug": "kim", "share": pytest.approx(0.3), "role": "loser"},
        {"slug": "cleo", "share": pytest.approx(0.7), "role": "winner"},
    ]
    assert mixers["kim"] | {"parents": []} == {
        "name": "Kim",
        "slug": "kim",
        "generation": 1,
        "state": "retired",
        "is_champion": False,
        "capability": "modern_sound",
        "capability_score": 1.2,
        "rating": 1300,
        "parents": [],
    }
    assert mixers["ada"]["capability"] is None


def test_the_graphml_is_read_by_a_graph_library(client: Client, family: dict[str, Mixer]) -> None:
    Mixer.objects.filter(slug="kim").update(nickname='Kim <"&> Söhne')
    answer = client.get("/mixers/family.graphml?show=all")
    assert 'filename="mixarena-family.graphml"' in answer["Content-Disposition"]
    graph = networkx.read_graphml(io.BytesIO(answer.content))
    assert graph.is_directed()
    assert graph.nodes["kim"] == {
        "name": 'Kim <"&> Söhne',
        "slug": "kim",
        "generation": 1,
        "state": "retired",
        "capability": "modern_sound",
        "rating": 1300,
    }
    assert graph.edges["cleo", "max"] == {"share": pytest.approx(0.7), "role": "winner"}
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (6, 6)


def test_more_mixers_need_no_more_queries(client: Client, family: dict[str, Mixer]) -> None:
    def count(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/mixers/family/?{query}").status_code == 200
        return len(queries)

    addresses = ("show=all", "of=max", "as=table")
    few = [count(query) for query in addresses]
    assert max(few) <= 5
    parent = family["Max"]
    for number in range(15):
        parent = breed(f"Next{number}", parent, family["Ada"])
    assert [count(query) for query in addresses] == few


def test_an_arena_without_mixers_says_so(client: Client) -> None:
    assert "No mixers yet" in client.get("/mixers/family/").content.decode()
    assert client.get("/mixers/family.json").json() == {"mixers": []}


def test_pages_of_mixers_lead_to_their_place(client: Client, family: dict[str, Mixer]) -> None:
    assert 'href="/mixers/family/"' in client.get("/mixers/").content.decode()
    body = client.get("/mixers/max/").content.decode()
    assert 'href="/mixers/family/?of=max"' in body
    assert body.count('class="tree__one') == 5
    alone = make_mixer(slug="alone")
    assert f'href="/mixers/family/?of={alone.slug}"' in client.get("/mixers/alone/").content.decode()


def test_every_capability_has_letters_of_its_own() -> None:
    assert set(CODES) == set(CAPABILITIES)
    assert len(set(CODES.values())) == len(CODES)
