"""The family for other programs: JSON, and GraphML.

Source of the latter: http://graphml.graphdrawing.org/primer/graphml-primer.html
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from tournaments.selectors.family_tree import FamilyTree, Kin

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
NODE_KEYS = {
    "name": "string",
    "slug": "string",
    "generation": "int",
    "state": "string",
    "capability": "string",
    "rating": "int",
}
EDGE_KEYS = {"share": "double", "role": "string"}


def family_json(tree: FamilyTree) -> dict[str, list[dict[str, Any]]]:
    """Members by generation, each with all its parents; what is not known is null."""
    return {
        "mixers": [
            _facts(kin)
            | {
                "is_champion": kin.mixer.is_champion,
                "capability_score": kin.capability_score,
                "parents": [
                    {"slug": descent.parent.slug, "share": descent.share, "role": descent.role}
                    for descent in kin.parents
                ],
            }
            for kin in tree.kin
        ]
    }


def family_graphml(tree: FamilyTree) -> bytes:
    """A directed graph from parents to children; nodes are named by slug, and what is not known is left out."""
    root = ET.Element("graphml", {"xmlns": NAMESPACE})
    for target, keys in (("node", NODE_KEYS), ("edge", EDGE_KEYS)):
        for name, kind in keys.items():
            ET.SubElement(root, "key", {"id": name, "for": target, "attr.name": name, "attr.type": kind})
    graph = ET.SubElement(root, "graph", {"id": "family", "edgedefault": "directed"})
    for kin in tree.kin:
        _data(ET.SubElement(graph, "node", {"id": kin.mixer.slug}), _facts(kin))
    shown = {kin.mixer.pk for kin in tree.kin}
    for kin in tree.kin:
        for descent in kin.parents:
            if descent.parent.pk in shown:
                edge = ET.SubElement(graph, "edge", {"source": descent.parent.slug, "target": kin.mixer.slug})
                _data(edge, {"share": descent.share, "role": descent.role})
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _facts(kin: Kin) -> dict[str, Any]:
    return {
        "name": kin.mixer.nickname,
        "slug": kin.mixer.slug,
        "generation": kin.mixer.generation,
        "state": kin.mixer.state,
        "capability": kin.capability or None,
        "rating": kin.score.rating if kin.score else None,
    }


def _data(element: ET.Element, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is not None:
            ET.SubElement(element, "data", {"key": name}).text = str(value)
