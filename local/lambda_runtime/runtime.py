"""The folder `/var/runtime`: what the managed runtime brings besides Python, in the versions that are pinned."""

import re
from functools import cache
from importlib import metadata
from pathlib import Path

_BROUGHT = ("awslambdaric", "boto3")
_BOOTSTRAP = Path(__file__).parent / "bootstrap.py"


@cache
def contents() -> dict[str, Path]:
    """Name in `/var/runtime` → file or folder of this virtual environment: AWS's client, boto3, what they need."""
    found, wanted = {_BOOTSTRAP.name: _BOOTSTRAP}, list(_BROUGHT)
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
    """The names of what a distribution needs, its extras left out."""
    needed = [line for line in distribution.requires or () if "extra ==" not in line]
    return [name[0] for line in needed if (name := re.match(r"[\w.-]+", line))]
