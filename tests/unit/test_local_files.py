"""Only their owner can read the files with a local stack's credentials."""

import ast
import os

import pytest

from local.place import write_private
from tests.world import ROOT


def mode(path):
    return path.stat().st_mode & 0o777


@pytest.fixture(autouse=True)
def no_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("content", ["a=b\n", b"key"])
def test_private(tmp_path, content):
    """Only the owner can read such a file, even if it replaces one that others could read."""
    path = tmp_path / "credentials.env"
    write_private(path, content)
    assert mode(path) == 0o600
    path.chmod(0o644)
    write_private(path, content)
    assert mode(path) == 0o600
    assert path.read_text() == (content if isinstance(content, str) else content.decode())


@pytest.mark.parametrize("module", ["credentials", "events"])
def test_no_other_way(module):
    """The modules that write credentials write all files with `write_private`."""
    tree = ast.parse((ROOT / f"local/{module}.py").read_text())
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert not called & {"write_text", "write_bytes", "open", "touch"}
