"""Archive what `sam build` takes as tests/upgrade/<version>.tar.xz, for the test that upgrades from it: `make release`.

The same files give the same archive: it has no times, owners or other names of this machine.
"""

import io
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

from local.place import ROOT, LocalFailure, Place

_GIT = shutil.which("git") or "git"
ARCHIVES = ROOT / "tests/upgrade"
_TAKEN = ("template.yaml", "samconfig.toml", "functions", "layers", "statemachine", "local/find-python")
"""What `sam build` reads, and the script that the layers' Makefiles call."""


def write_archive(_: Place) -> None:
    """Archive the tracked files as they are now. Raises LocalFailure if this version has an archive already."""
    path = ARCHIVES / f"{version()}.tar.xz"
    if path.exists():
        raise LocalFailure(
            f"{path.relative_to(ROOT)} exists: a release is cut once. Raise the version in pyproject.toml"
        )
    path.write_bytes(archived(ROOT))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def version() -> str:
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def newest() -> Path:
    """The archive of the latest release. Raises LocalFailure if there is none."""
    archives = sorted(ARCHIVES.glob("*.tar.xz"), key=lambda path: [int(part) for part in _version(path).split(".")])
    if not archives:
        raise LocalFailure("no release has been archived")
    return archives[-1]


def unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def archived(root: Path) -> bytes:
    """Return the archive of a repository's tracked files."""
    listed = subprocess.run([_GIT, "ls-files", "-z", *_TAKEN], cwd=root, capture_output=True, check=True)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:xz", format=tarfile.PAX_FORMAT, preset=9) as archive:
        for name in sorted(listed.stdout.decode().split("\0")[:-1]):
            content, entry = (root / name).read_bytes(), tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if (root / name).stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def _version(path: Path) -> str:
    return path.name.removesuffix(".tar.xz")
