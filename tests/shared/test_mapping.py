"""Rigs are matched by name: exact, alias, or reported; mapping files refuse nonsense."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.matcher import propose_mapping


def words(name: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-z]+", name)


def sided(name: str, left: str, right: str) -> str:
    return name.removesuffix("Left").removesuffix("Right") + (
        left if name.endswith("Left") else right if name.endswith("Right") else ""
    )


SPELLINGS = {
    "PascalCase": lambda name: name[0].upper() + name[1:],
    "snake_case": lambda name: "_".join(words(name)).lower(),
    "spaces": lambda name: " ".join(words(name)),
    "Title spaces": lambda name: " ".join(words(name)).title(),
    "_L/_R": lambda name: sided(name, "_L", "_R"),
    ".L/.R": lambda name: sided(name, ".L", ".R"),
    "_l/_r": lambda name: sided(name, "_l", "_r"),
    "L/R": lambda name: sided(name, "L", "R"),
    "Snake_L": lambda name: sided("_".join(words(name)), "L", "R"),
    "namespace": lambda name: "hero:head." + name,
    "upper": lambda name: name.upper(),
}


def test_exact_names_match_all() -> None:
    found = propose_mapping(("Basis", *ARKIT_BLENDSHAPES))
    assert found.exact == ARKIT_BLENDSHAPES
    assert found.unmatched_channels == found.aliased == ()
    assert found.unmatched_targets == ("Basis",)
    assert found.mapping.weights["jawOpen"] == {"jawOpen": 1.0}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_matches_all_52(spelling: str) -> None:
    names = [SPELLINGS[spelling](name) for name in ARKIT_BLENDSHAPES]
    found = propose_mapping(names)
    assert found.unmatched_targets == ()
    assert found.unmatched_channels == ()
    for name, target in zip(ARKIT_BLENDSHAPES, names, strict=True):
        assert found.mapping.weights[target] == {name: 1.0}


def test_order_of_targets_never_decides() -> None:
    shuffled = list(np.random.default_rng(3).permutation(ARKIT_BLENDSHAPES))
    assert all(
        row == {target: 1.0} for target, row in propose_mapping(shuffled).mapping.weights.items()
    )
    assert propose_mapping([f"shape{i}" for i in range(52)]).mapping.weights == {}


def test_exact_beats_alias_and_nothing_is_driven_twice() -> None:
    found = propose_mapping(("Jaw_Open", "jawOpen", "JawOpen", "MouthSmile", "mouthSmileLeft"))
    assert found.exact == ("jawOpen", "mouthSmileLeft")
    assert found.aliased == ()
    assert found.unmatched_targets == ("Jaw_Open", "JawOpen", "MouthSmile")


def test_split_shapes_share_a_channel_and_merged_ones_take_the_mean() -> None:
    found = propose_mapping(("browInnerUp_L", "browInnerUp_R", "mouthSmile", "eyeBlink"))
    assert found.mapping.weights == {
        "browInnerUp_L": {"browInnerUp": 1.0},
        "browInnerUp_R": {"browInnerUp": 1.0},
        "mouthSmile": {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
        "eyeBlink": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
    }
    assert "browInnerUp" not in found.unmatched_channels


def test_directions_are_not_sides() -> None:
    found = propose_mapping(("jaw", "mouth", "Jaw_L", "Mouth_R"))
    assert found.mapping.weights == {"Jaw_L": {"jawLeft": 1.0}, "Mouth_R": {"mouthRight": 1.0}}


def test_other_vocabularies() -> None:
    found = propose_mapping(
        ("Brow_Drop_L", "Mouth_Up_Upper_R", "Cheek_Raise_L", "Brow_Raise_Inner_L")
    )
    assert list(found.mapping.weights.values()) == [
        {"browDownLeft": 1.0},
        {"mouthUpperUpRight": 1.0},
        {"cheekSquintLeft": 1.0},
        {"browInnerUp": 1.0},
    ]


@pytest.mark.parametrize("name", ["", " ", "L", "_L", ".", "left", "Key 1", "äöü", 'a"b\\c'])
def test_odd_names_are_only_reported(name: str) -> None:
    assert propose_mapping((name,)).unmatched_targets == (name,)


def test_mapping_file_round_trips(tmp_path: Path) -> None:
    mapping = propose_mapping(("mouthSmile", "jawOpen", "Blick ö")).mapping
    mapping.save(tmp_path / "rig.json")
    assert RigMapping.load(tmp_path / "rig.json") == mapping
    assert [file.name for file in tmp_path.iterdir()] == ["rig.json"]


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "one JSON object"),
        ({"schema": 3, "targets": {}}, "schema is 3"),
        ({"schema": 1}, "no object 'targets'"),
        ({"schema": 1, "targets": {"a": 1}}, "'a' must be an object"),
        ({"schema": 1, "targets": {"a": {}}}, "'a' names no channel"),
        ({"schema": 1, "targets": {"a": {"jawOpen": "1"}}}, "weighs 'jawOpen' with '1'"),
        ({"schema": 1, "targets": {"a": {"jawOpen": True}}}, "not a number"),
        ({"schema": 1, "targets": {"a": {"jawOpen": float("nan")}}}, "finite"),
        ({"schema": 1, "targets": {"a": {"jawopen": 1}}}, "'jawopen', which is no channel"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(
    tmp_path: Path, document: object, fault: str
) -> None:
    path = tmp_path / "rig.json"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(BadInputError, match=f"rig.json.*{re.escape(fault)}"):
        RigMapping.load(path)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rig.json").write_bytes(b"\xff\xfe{")
    for name in ("rig.json", "none.json"):
        with pytest.raises(BadInputError, match="can't be read"):
            RigMapping.load(tmp_path / name)


def test_restricting_drops_targets_the_rig_lacks() -> None:
    mapping = RigMapping({"a": {"jawOpen": 1.0}, "b": {"jawOpen": 0.5}}, "hero")
    assert mapping.restricted_to(("b", "c")) == RigMapping({"b": {"jawOpen": 0.5}}, "hero")
