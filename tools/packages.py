"""What others install: wheels, the engine's zip, the Blender extension, the Maya module."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import environments
from .console import ROOT, BuildError, CommandError, run_logged, step

DIST = ROOT / "dist"
_WORK = ROOT / "build"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # every zip made from the same sources is the same
_EPOCH_S = "315532800"  # the same for wheels, in seconds
_NOT_PACKED = shutil.ignore_patterns("__pycache__", "*.pyc", "wheels", "vendor", "testing")
# Blender 4.5 and 5.0 run Python 3.11, 5.1 and 5.2 run 3.13. pyzmq's abi3 wheel serves 3.12 and
# later, but once one wheel names a Python (3.11), Blender overlooks abi3 wheels and refuses all
# others, so a wheel that names 3.13 must be there too: msgpack's.
_HOST_WHEELS = (
    ("pyzmq", "3.11", "cp311"),
    ("pyzmq", "3.13", "abi3"),
    ("msgpack", "3.11", "cp311"),
    ("msgpack", "3.13", "cp313"),
)
_BLENDER_PYTHONS = ("3.11", "3.13")
# Maya's versions with their Pythons, and its platforms with ours.
_MAYAS = (("2024", "cp310", "3.10"), ("2025", "cp311", "3.11"), ("2026", "cp311", "3.11"))
_MAYA_PLATFORMS = {
    "win64": ("windows-x64",),
    "linux": ("linux-x64",),
    "mac": ("macos-arm64", "macos-x64"),
}
PLATFORMS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_26_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_14_0_arm64",),
    "macos-x64": ("macosx_14_0_x86_64",),
}


def wheels(into: Path = DIST) -> list[Path]:
    """Wheels of mynah_shared and mynah_daemon."""
    into.mkdir(exist_ok=True)
    for old in into.glob("mynah_*.whl"):
        old.unlink()
    python = environments.engine()
    with step("Wheels of mynah_shared and mynah_daemon"):
        for project in ("shared", "inference_daemon"):
            # setuptools would pack what an older build left here
            shutil.rmtree(ROOT / project / "build", ignore_errors=True)
            pip = [python, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", into, ROOT / project]
            run_logged(pip, f"wheel-{project}", SOURCE_DATE_EPOCH=_EPOCH_S)
    found = sorted(into.glob("mynah_*.whl"))
    _announce(found)
    return found


def daemon(offline: str | None = None) -> Path:
    """A zip with both wheels and the exact versions of what they need on this platform.

    With a name of `PLATFORMS` in `offline` it is instead all that Blender on that platform needs to
    set up the engine without a network: every wheel, for each Python of Blender's.
    """
    ours = wheels()
    if offline:
        return _offline_daemon(ours, offline)
    with step("Engine package"):
        plan = _resolve(ours)
        text = (
            "# pip install --requirement requirements.txt, in this folder.\n"
            "# mynah_shared and mynah_daemon lie beside this file; the rest comes from the index.\n"
        )
        text += "".join(f"./{path.name}\n" for path in ours) + "".join(f"{p}\n" for p in plan)
        folder = _fresh(_WORK / "engine")
        for path in ours:
            shutil.copy2(path, folder)
        (folder / "requirements.txt").write_text(text, encoding="utf-8", newline="\n")
        shutil.copy2(ROOT / "LICENSE", folder)
        target = _zip(folder, DIST / f"mynah_engine-{environments.version()}.zip")
    _announce([target])
    return target


def _offline_daemon(ours: Sequence[Path], platform: str) -> Path:
    with step(f"Engine package for {platform} without a network"):
        folder = _fresh(_WORK / "engine")
        for path in (*ours, _pip_wheel()):
            shutil.copy2(path, folder)
        tags = [part for tag in PLATFORMS[platform] for part in ("--platform", tag)]
        pip = [environments.engine(), "-m", "pip", "download", "--only-binary=:all:"]
        for python in _BLENDER_PYTHONS:
            asked = ["--dest", folder, "--python-version", python, *tags, *ours]
            run_logged([*pip, *asked], f"engine-{platform}-{python}")
        shutil.copy2(ROOT / "LICENSE", folder)
        target = _zip(folder, DIST / f"mynah_engine-{environments.version()}-{platform}.zip")
    _announce([target])
    return target


def _pip_wheel() -> Path:
    """The pip that sets up the engine: run from its wheel, as some Blenders come without."""
    folder = _fresh(_WORK / "pip")
    pip = [environments.engine(), "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    run_logged([*pip, "--dest", folder, *environments.group("installer")], "pip-wheel")
    return next(folder.glob("pip-*.whl"))


def _resolve(ours: Sequence[Path]) -> list[str]:
    report = _WORK / "engine-report.json"
    pip = [environments.engine(), "-m", "pip", "install", "--dry-run", "--ignore-installed"]
    run_logged([*pip, "--report", report, *ours], "engine-plan")
    plan = json.loads(report.read_text(encoding="utf-8"))["install"]
    needed = (entry["metadata"] for entry in plan)
    pins = (f"{m['name']}=={m['version'].split('+')[0]}" for m in needed)
    return sorted(pin for pin in pins if not pin.lower().startswith("mynah"))


def blender(bpy: str | None = None, into: Path = DIST) -> Path:
    """The extension's zip for all platforms, with the engine's own wheels in it, accepted by
    Blender's own validator."""
    version = environments.version()
    ours = wheels(_fresh(_WORK / "wheels"))
    with step("Blender extension"):
        folder = _fresh(_WORK / "extension")
        shutil.copytree(ROOT / "blender_addon", folder, dirs_exist_ok=True, ignore=_NOT_PACKED)
        _vendor(folder / "vendor")
        (folder / "engine").mkdir()  # not in the manifest: Blender would load them into itself
        for path in (*ours, _pip_wheel()):
            shutil.copy2(path, folder / "engine")
        names = _download_wheels(folder / "wheels")
        manifest = folder / "blender_manifest.toml"
        text = filled_manifest(manifest.read_text(encoding="utf-8"), version, names)
        manifest.write_text(text, encoding="utf-8", newline="\n")
        target = _zip(folder, into / f"mynah-blender-{version}.zip")
    python = environments.blender(bpy)
    with step("Blender's validator"):
        run_logged([python, _extension_tool(python), "validate", target], "extension-validate")
    _announce([target])
    return target


def filled_manifest(text: str, version: str, wheels: Sequence[str]) -> str:
    """The add-on's manifest with what only packing knows: version, platforms, wheels."""
    text, found = re.subn(r'(?m)^version = ".*"$', f'version = "{version}"', text)
    if found != 1:
        raise BuildError("blender_addon/blender_manifest.toml has no line 'version = \"…\"'.")
    head, _, tables = text.partition("\n[")  # keys must come before the first table
    head += f"\nplatforms = {json.dumps(list(PLATFORMS))}\nwheels = [\n"
    head += "".join(f'  "./wheels/{name}",\n' for name in wheels) + "]\n"
    return head + (f"\n[{tables}" if tables else "")


def _download_wheels(folder: Path) -> list[str]:
    pip = [environments.engine(), "-m", "pip", "download", "--only-binary=:all:", "--no-deps"]
    for name, python_version, abi in _HOST_WHEELS:
        wanted = next(r for r in environments.group("hosts") if r.startswith(name))
        for platform, tags in PLATFORMS.items():
            chosen = [part for tag in tags for part in ("--platform", tag)]
            run_logged(
                [*pip, "--dest", folder, "--python-version", python_version, "--abi", abi]
                + [*chosen, wanted],
                f"{name}-{platform}-{abi}",
            )
    return sorted(path.name for path in folder.glob("*.whl"))


def _extension_tool(python: Path) -> Path:
    site = run_logged(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "bpy-where"
    ).strip()
    tools = sorted(Path(site).glob("bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not tools:
        raise BuildError(f"The bpy in {site} has no extension tool; use bpy 4.5 or newer.")
    return tools[-1]


def maya(into: Path = DIST) -> list[Path]:
    """The Maya module as one zip per platform; unpacked over one another they serve all of them.

    pyzmq goes on Python's path, numpy only where Maya has none. With them come the engine's own
    wheels and pip's, to set the engine up. Without an index they are left out, and the zips say so
    by their missing folders.
    """
    version = environments.version()
    made: list[Path] = []
    engine = _engine_wheels()
    for platform in PLATFORMS:
        with step(f"Maya module for {platform}"):
            folder = _fresh(_WORK / "maya")
            module = folder / "mynah"
            shutil.copytree(ROOT / "maya_plugin", module, ignore=_NOT_PACKED)
            _vendor(module / "vendor")
            shutil.copy2(ROOT / "LICENSE", module)
            _add_wheels(module / "vendor", platform)
            if engine:
                (module / "engine").mkdir()
            for path in engine:
                shutil.copy2(path, module / "engine")
            text = mod_file(version)
            (folder / "mynah.mod").write_text(text, encoding="utf-8", newline="\n")
            made.append(_zip(folder, into / f"mynah-maya-{version}-{platform}.zip"))
    _announce(made)
    return made


def _engine_wheels() -> list[Path]:
    """What the engine is set up with; the rest comes from the index. Empty without an index."""
    try:
        return [*wheels(_fresh(_WORK / "wheels")), _pip_wheel()]
    except CommandError as error:
        print(f"  The engine was left out: {str(error).splitlines()[0]}")
        return []


def mod_file(version: str) -> str:
    """What tells each Maya where its parts are: one section for each version and platform, without
    comments, because Maya stops reading a section at one."""
    sections: list[str] = []
    for year, abi, _python in _MAYAS:
        for name, platforms in _MAYA_PLATFORMS.items():
            lines = [f"+ MAYAVERSION:{year} PLATFORM:{name} Mynah {version} ./mynah"]
            folders = ["vendor", *(f"vendor/{abi}-{platform}" for platform in platforms)]
            sections.append("\n".join([*lines, *(f"PYTHONPATH+:={f}" for f in folders)]))
    return "\n\n".join(sections) + "\n"


def _add_wheels(vendor: Path, platform: str) -> None:
    """pyzmq and numpy for each Python of Maya's on a platform, unpacked."""
    pip = [environments.engine(), "-m", "pip", "download", "--only-binary=:all:", "--no-deps"]
    tags = [part for tag in PLATFORMS[platform] for part in ("--platform", tag)]
    wanted = [r for r in environments.group("hosts") if r.startswith("pyzmq")]
    wanted += environments.group("maya")
    for abi, python in sorted({(abi, python) for _year, abi, python in _MAYAS}):
        chosen = ["--python-version", python, "--abi", abi, *tags]
        for requirement in wanted:
            name = requirement.partition("=")[0]
            wheels_ = _fresh(_WORK / "maya-wheels")
            try:
                run_logged(
                    [*pip, "--dest", wheels_, *chosen, requirement], f"{name}-{platform}-{abi}"
                )
            except CommandError as error:
                print(f"  {name} for {platform} was left out: {str(error).splitlines()[0]}")
                continue
            own = f"{abi}-{platform}" if name == "pyzmq" else f"{name}-{abi}-{platform}"
            for wheel in wheels_.glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(vendor / own)


def _vendor(folder: Path) -> None:
    """mynah_shared and msgpack in pure Python: the same files on every platform."""
    folder.mkdir(parents=True)
    source = ROOT / "shared" / "mynah_shared"
    shutil.copytree(source, folder / "mynah_shared", ignore=_NOT_PACKED)
    python = environments.engine()
    code = "import msgpack, pathlib; print(pathlib.Path(msgpack.__file__).parent)"
    msgpack = Path(run_logged([python, "-c", code], "msgpack-where").strip())
    compiled = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.pyx", "*.c", "*.cpp")
    shutil.copytree(msgpack, folder / "msgpack", ignore=compiled)
    for licence in sorted(msgpack.parent.glob("msgpack-*.dist-info/**/COPYING")):
        shutil.copy2(licence, folder / "msgpack")
    shutil.copy2(ROOT / "LICENSE", folder / "mynah_shared")


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _zip(folder: Path, target: Path) -> Path:
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return target


def _announce(paths: Sequence[Path]) -> None:
    for path in paths:
        print(f"  {path}: {path.stat().st_size / 1e6:.1f} MB")
