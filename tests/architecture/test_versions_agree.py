"""One version number everywhere, one spelling of what is pinned twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib

import mynah_shared
from tools import environments


def _toml(path: Path) -> dict[str, object]:
    with open(path, "rb") as file:
        return tomllib.load(file)


def test_the_manifest_of_the_extension_has_the_version(repository: Path) -> None:
    manifest = _toml(repository / "blender_addon" / "blender_manifest.toml")
    assert manifest["version"] == mynah_shared.__version__


def test_build_py_reads_the_same_version() -> None:
    assert environments.version() == mynah_shared.__version__


@pytest.mark.parametrize("project", ["shared", "inference_daemon"])
def test_no_project_states_a_version_of_its_own(repository: Path, project: str) -> None:
    metadata = _toml(repository / project / "pyproject.toml")["project"]
    assert isinstance(metadata, dict)
    assert "version" not in metadata
    assert "version" in metadata["dynamic"]


def test_torch_is_pinned_and_never_needed_to_serve(repository: Path) -> None:
    assert "torch==2.13.0" in environments.group("training")
    metadata = _toml(repository / "inference_daemon" / "pyproject.toml")["project"]
    assert isinstance(metadata, dict)
    assert not [need for need in metadata["dependencies"] if need.startswith("torch")]
