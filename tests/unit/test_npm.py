"""The npm packages of the tests, of the console and of `make lint`."""

import json

import pytest

from local import npm

every_folder = pytest.mark.parametrize(
    "folder", [npm.CLIENTS, npm.CONSOLE, npm.WORKFLOWS], ids=lambda folder: folder.name
)


@every_folder
def test_lock_file(folder):
    """The lock file pins every package by its hash and has no URL."""
    text = (folder / npm.LOCK).read_text()
    packages = {name: locked for name, locked in json.loads(text)["packages"].items() if name}
    assert all(locked["integrity"].startswith("sha512-") for locked in packages.values())
    assert "://" not in text


@every_folder
def test_no_scripts(folder):
    """npm runs no script of a package, and asks for exact versions."""
    assert "ignore-scripts=true" in (folder / ".npmrc").read_text().splitlines()
    manifest = json.loads((folder / "package.json").read_text())
    named = {**manifest.get("dependencies", {}), **manifest.get("devDependencies", {})}
    assert all(version.rpartition("@")[2][0].isdigit() for version in named.values())
