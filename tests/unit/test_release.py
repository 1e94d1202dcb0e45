"""The archive of a release: what `sam build` takes, the same bytes for the same files."""

import os
import subprocess
from dataclasses import replace

import pytest

from local import release
from local.place import LocalFailure, default_place
from tests.world import ROOT

FILES = {
    "template.yaml": "Resources: {}\n",
    "samconfig.toml": "version = 0.1\n",
    "functions/one/app.py": "pass\n",
    "layers/failover/Makefile": "all:\n",
    "local/find-python": "#!/bin/sh\n",
    "docs/page.md": "not taken\n",
}


@pytest.fixture
def repository(tmp_path):
    """A repository with some files of a release, and others."""
    for name, text in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "source/local/find-python").chmod(0o755)
    git = ["git", "-C", str(tmp_path / "source")]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    (tmp_path / "source/functions/one/untracked.py").write_text("pass\n")
    return tmp_path / "source"


def test_what_is_in_it(repository, tmp_path):
    """It has the tracked files that `sam build` takes and no others, and scripts stay executable."""
    archive = tmp_path / "1.2.3.tar.xz"
    archive.write_bytes(release.archived(repository))
    release.unpack(archive, tmp_path / "unpacked")
    unpacked = {
        str(path.relative_to(tmp_path / "unpacked")): path.read_text()
        for path in (tmp_path / "unpacked").rglob("*")
        if path.is_file()
    }
    assert unpacked == {name: text for name, text in FILES.items() if not name.startswith("docs/")}
    assert os.access(tmp_path / "unpacked/local/find-python", os.X_OK)
    assert not os.access(tmp_path / "unpacked/template.yaml", os.X_OK)


def test_the_same_bytes(repository):
    """Times, owners and the permissions of a group do not show in it."""
    first = release.archived(repository)
    for path in repository.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (0, 0))
            path.chmod(path.stat().st_mode ^ 0o020)
    assert release.archived(repository) == first


def test_the_newest(tmp_path, monkeypatch):
    """The previous release is the one with the highest version, by its numbers."""
    monkeypatch.setattr(release, "ARCHIVES", tmp_path)
    with pytest.raises(LocalFailure):
        release.newest()
    for version in ("0.2.0", "0.10.0", "0.9.1"):
        (tmp_path / f"{version}.tar.xz").touch()
    assert release.newest().name == "0.10.0.tar.xz"


def test_cut_once(tmp_path, monkeypatch, capsys):
    """A version that has an archive is not archived again."""
    monkeypatch.setattr(release, "ARCHIVES", ROOT / "tests/upgrade")
    monkeypatch.setattr(release, "version", lambda: release.newest().name.removesuffix(".tar.xz"))
    with pytest.raises(LocalFailure, match="cut once"):
        release.write_archive(replace(default_place(), folder=tmp_path))
