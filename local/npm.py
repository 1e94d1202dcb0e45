"""The npm packages of a folder with a lock file, installed once into `.local`, and the Node.js that runs them."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.place import ROOT

CONSOLE = ROOT / "local/console"
CLIENTS = ROOT / "tests/clients"
WORKFLOWS = ROOT / "local/workflows"
LOCK = "package-lock.json"


def modules(source: Path) -> Path:
    """Return the `node_modules` of a folder's packages. Install and link them first if its lock file is new.

    The link `<source>/node_modules` lets ES modules there find the packages: they ignore NODE_PATH. Raises
    CalledProcessError if npm fails.
    """
    folder = ROOT / ".local" / f"{source.name}-{hashlib.sha256((source / LOCK).read_bytes()).hexdigest()[:12]}"
    modules, link = folder / "node_modules", source / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest's other processes may be here, too
        if not (modules / ".package-lock.json").exists():  # npm's last act
            for name in ("package.json", LOCK, ".npmrc"):
                shutil.copy(source / name, folder)
            command = ["npm", "ci", "--loglevel=error"]
            subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path()}, check=True, timeout=240)
        if link.resolve() != modules.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(modules)
    return modules


def path() -> str:
    """PATH with the Node.js of the setup, if it installed one."""
    return os.pathsep.join([str(ROOT / ".venv/bin"), os.environ["PATH"]])


if __name__ == "__main__":
    modules(Path(sys.argv[1]).resolve())
