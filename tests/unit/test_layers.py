"""How the layers are built: the same everywhere, with any settings of the builder's Python and pip."""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.world import ROOT

SETTINGS = {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/nowhere"}
PIP = """
    #!/bin/sh
    # Installs one package like pip, whose script names the Python that it was installed with.
    [ "$2" = pip ] || exec "{python}" "$@"
    [ "$PIP_USER$PIP_REQUIRE_VIRTUALENV" = 00 ] || exit 3
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2/package" "$2/package-1.0.dist-info" "$2/bin"
    echo "def f(): pass" > "$2/package/__init__.py"
    echo "#!$0" > "$2/bin/package"
    echo "package/__init__.py,sha256=1,1" > "$2/package-1.0.dist-info/RECORD"
    echo "../../bin/package,sha256=$(cksum < "$2/bin/package" | tr -d ' '),1" >> "$2/package-1.0.dist-info/RECORD"
"""


@pytest.fixture
def build(tmp_path):
    """Build a layer in a folder of that name, and return the artifacts."""

    def build(layer, folder, *variables):
        checkout, artifacts = tmp_path / folder / "checkout", tmp_path / folder / "artifacts"
        shutil.copytree(ROOT / "layers" / layer, checkout / "layers" / layer, ignore=shutil.ignore_patterns("*.pyc"))
        (checkout / "local").mkdir()
        shutil.copy(ROOT / "local/find-python", checkout / "local")
        artifacts.mkdir()
        shims = tmp_path / folder / "shims"
        shims.mkdir()
        (shims / "python3.13").write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
        (shims / "python3.13").chmod(0o755)
        path = os.pathsep.join([str(shims), str(Path(sys.executable).parent), os.environ["PATH"]])
        subprocess.run(
            ["make", f"build-{layer.capitalize()}Layer", f"ARTIFACTS_DIR={artifacts}", *variables],
            cwd=checkout / "layers" / layer,
            env={**os.environ, **SETTINGS, "PATH": path},
            check=True,
            capture_output=True,
        )
        return artifacts

    return build


@pytest.fixture
def pip(tmp_path):
    """A Python whose pip needs no network. Its path depends on the folder."""

    def pip(folder):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / "python"
        path.write_text(textwrap.dedent(PIP).lstrip().format(python=sys.executable))
        path.chmod(0o755)
        return f"PYTHON={path}"

    return pip


def packed(artifacts):
    """What `sam deploy` packs and names the archive by: every file's name and content."""
    files = sorted(path for path in artifacts.rglob("*") if path.is_file())
    content = b"".join(str(path.relative_to(artifacts)).encode() + path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()


def compiled(artifacts):
    return [path.read_bytes() for path in artifacts.rglob("*.pyc")]


def test_our_package(build, tmp_path):
    """Built in two folders, under a pyenv without this Python and with settings of pip, the layer is the same."""
    first, second = build("failover", "first"), build("failover", "a second folder")
    assert packed(first) == packed(second)
    assert len(compiled(first)) > 100
    assert all(b"/opt/python/failover" in code and str(tmp_path).encode() not in code for code in compiled(first))


@pytest.mark.parametrize("layer", ["dependencies", "cryptography"])
def test_packages(build, pip, layer, tmp_path):
    """The same holds for the layers of packages, which have no scripts: those begin with the path of a Python."""
    first, second = build(layer, "first", pip("first")), build(layer, "a second folder", pip("a second folder"))
    assert packed(first) == packed(second)
    assert {path.name for path in (first / "python").iterdir()} == {"package", "package-1.0.dist-info"}
    assert (first / "python/package-1.0.dist-info/RECORD").read_text() == "package/__init__.py,sha256=1,1\n"
    (code,) = compiled(first)
    assert b"/opt/python/package" in code
    assert str(tmp_path).encode() not in code
