"""The npm packages of tests/clients, and the Node.js that runs them."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from local.place import ROOT

SOURCE = ROOT / "tests/clients"
LOCK = SOURCE / "package-lock.json"


def modules() -> Path:
    """The folder of the installed packages: one for each lock file, kept between runs."""
    folder = ROOT / ".local" / f"clients-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    modules = folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest's other process may be here, too
        if not (modules / ".package-lock.json").exists():  # npm's last act
            for name in ("package.json", LOCK.name, ".npmrc"):
                shutil.copy(SOURCE / name, folder)
            subprocess.run(["npm", "ci"], cwd=folder, env=os.environ | {"PATH": path()}, check=True, timeout=240)
    return modules


def path() -> str:
    """PATH with the Node.js of the setup, if it installed one."""
    return os.pathsep.join([str(ROOT / ".venv/bin"), os.environ["PATH"]])
