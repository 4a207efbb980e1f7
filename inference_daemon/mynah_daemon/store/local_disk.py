"""SQLite's journal needs a disk of this computer: locks and memory maps of shares can't be trusted.

What can't be found out counts as local.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from .errors import StoreError

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afs afpfs webdav ncpfs lustre beegfs gpfs panfs ceph "
    "glusterfs pvfs2 fuse.sshfs fuse.glusterfs fuse.ceph fuse.davfs fuse.rclone fuse.s3fs".split()
)


def require_local_disk(folder: Path) -> None:
    """Raises `StoreError` if the existing `folder` lies on a network file system."""
    kind = _file_system(folder)
    if kind in _NETWORK:
        raise StoreError(
            f"The engine's folder '{folder}' lies on a network drive ({kind}), where jobs can't be "
            "kept safely; set MYNAH_HOME to a folder on a disk of this computer."
        )


if sys.platform == "win32":
    import ctypes

    _DRIVE_REMOTE: Final = 4

    def _file_system(folder: Path) -> str:
        drive = folder.resolve().anchor
        is_share = drive.startswith("\\\\")
        is_remote = is_share or ctypes.windll.kernel32.GetDriveTypeW(drive) == _DRIVE_REMOTE
        return "smb" if is_remote else ""

elif sys.platform == "darwin":
    import subprocess

    def _file_system(folder: Path) -> str:
        try:
            said = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        kinds: dict[str, str] = {}
        for line in said.stdout.splitlines():  # /dev/disk3s5 on /System/Volumes/Data (apfs, local)
            place, _, rest = line.partition(" on ")[2].rpartition(" (")
            kinds[place] = rest.split(",")[0].rstrip(")")
        return _of_innermost(folder, kinds)

else:

    def _file_system(folder: Path) -> str:
        try:
            lines = _MOUNTS.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        kinds: dict[str, str] = {}
        for line in lines:
            fields, _, rest = line.partition(" - ")
            place = fields.split(" ")[4].replace("\\040", " ")
            kinds[place] = rest.split(" ")[0]
        return _of_innermost(folder, kinds)


def _of_innermost(folder: Path, kinds: dict[str, str]) -> str:
    """The kind of the mounted file system that `folder` is in."""
    resolved = folder.resolve()
    for place in (resolved, *resolved.parents):
        if str(place) in kinds:
            return kinds[str(place)]
    return ""
