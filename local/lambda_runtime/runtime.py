"""The folder `/var/runtime`: what the managed runtime has besides Python, in the pinned versions."""

import re
from functools import cache
from importlib import metadata
from pathlib import Path

_PACKAGES = ("awslambdaric", "boto3")
_BOOTSTRAP = Path(__file__).parent / "bootstrap.py"


@cache
def contents() -> dict[str, Path]:
    """Return name in `/var/runtime` → file or folder of this virtual environment, with all dependencies."""
    found, wanted = {_BOOTSTRAP.name: _BOOTSTRAP}, list(_PACKAGES)
    seen: set[str] = set()
    while wanted:
        if (name := wanted.pop()) not in seen:
            seen.add(name)
            distribution = metadata.distribution(name)
            wanted += _requirements(distribution)
            tops = {file.parts[0] for file in distribution.files or ()}
            found |= {top: Path(str(distribution.locate_file(top))) for top in tops - {"..", "__pycache__"}}
    return found


def _requirements(distribution: metadata.Distribution) -> list[str]:
    """Return the names of a distribution's dependencies, without those of extras."""
    needed = [line for line in distribution.requires or () if "extra ==" not in line]
    return [name[0] for line in needed if (name := re.match(r"[\w.-]+", line))]
