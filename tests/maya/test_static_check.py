"""What `build.py check` looks for in the plug-in, it finds: calls that Maya's stubs don't know."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTS = {
    'cmds.animLayer("x", edit=True, moot=True)': "No overloads for",
    'cmds.animLayr("x")': '"animLayr" is not a known',
    'om.MSelectionList().addd("x")': '"addd"',
    "om.MFnDependencyNode().nmae()": '"nmae"',
    "om.MDGModifier().newPlugValueDuble(1)": '"newPlugValueDuble"',
    "oma.MFnAnimCurve().addKeyz()": '"addKeyz"',
    "utils.executeDefered(print)": '"executeDefered"',
    'omui.MQtUtil.findKontrol("x")': '"findKontrol"',
}
HEAD = """import maya.OpenMayaUI as omui
import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
from maya import cmds, utils
"""


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_mistakes_in_calls_of_maya_are_found(tmp_path: Path) -> None:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: types can't be checked")
    try:
        metadata.distribution("types-maya")
    except metadata.PackageNotFoundError:
        pytest.skip("types-maya is not installed: calls can't be compared with its stubs")
    (tmp_path / "plugin.py").write_text(HEAD + "\n".join(FAULTS) + "\n")
    settings = {
        "include": ["plugin.py"],
        "stubPath": str(ROOT / "tools" / "stubs"),
        "pythonVersion": "3.10",
        "reportMissingModuleSource": "none",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "-p", str(tmp_path)], capture_output=True, text=True, check=False
    )
    found: dict[int, list[str]] = {}
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        if one["severity"] == "error":
            found.setdefault(one["range"]["start"]["line"], []).append(one["message"])
    for line, (call, expected) in enumerate(FAULTS.items(), start=HEAD.count("\n")):
        assert any(expected in message for message in found.get(line, [])), call
