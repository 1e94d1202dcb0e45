"""The committed page is what its sources make, and the sources pass their own tests."""

import os
import subprocess

import pytest

from local import npm
from local.place import ROOT

PAGE = ROOT / "layers/failover/failover/console.html"
TESTS = sorted(path.name for path in (npm.CONSOLE / "test").glob("*.test.mjs"))


@pytest.fixture
def node():
    """Run Node.js in the console's folder. It must succeed."""
    npm.modules(npm.CONSOLE)

    def node(*arguments):
        done = subprocess.run(
            ["node", *arguments],
            cwd=npm.CONSOLE,
            env=os.environ | {"PATH": npm.path(), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return node


def test_page(node, tmp_path):
    """The page in the layer is built from these sources. If not, run `make console`."""
    built = tmp_path / "console.html"
    node("build.mjs", "--out", built)
    assert built.read_bytes() == PAGE.read_bytes(), "run `make console`"


def test_sources_have_tests():
    """There is at least one file of tests, and all are in one folder."""
    assert TESTS
    others = {path.name for path in npm.CONSOLE.glob("**/*.test.*") if "node_modules" not in path.parts}
    assert others == set(TESTS)


@pytest.mark.parametrize("file", TESTS)
def test_sources(node, file):
    """The tests of one module pass under `node --test`."""
    node("--test", f"test/{file}")
