"""The browser of the page tests: Chromium of this machine, or else the one in an npm package."""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

from local import npm
from local.place import architecture

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # which root cannot use, nor most containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
HELP = "these tests need Chromium: install it (Debian: `apt-get install chromium`), or name its program in CHROMIUM"
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/cache</cachedir>
</fontconfig>
"""


class NoChromium(Exception):
    """There is no browser. The message is one line that says what to install."""


class Chromium(NamedTuple):
    program: Path
    environment: dict[str, str]
    """What it needs beside this process's environment."""


def find() -> Chromium:
    """Return CHROMIUM, or else a Chromium or Chrome on PATH, or else the npm package's. Raises NoChromium."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return Chromium(Path(found), {})
    if named or sys.platform != "linux" or architecture() != "x86_64":
        raise NoChromium(HELP)
    try:
        return _unpacked(npm.modules(npm.CONSOLE))
    except (OSError, subprocess.SubprocessError) as error:
        raise NoChromium(f"{HELP}; the npm package @sparticuz/chromium failed: {error}") from error


def _unpacked(modules: Path) -> Chromium:
    """The Chromium of @sparticuz/chromium, with the libraries and the fonts that a bare machine lacks."""
    package, folder = modules / "@sparticuz/chromium/bin", modules.parent / "chromium"
    with (modules.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _decompress(package / "chromium.br", unfinished / "chromium")
            (unfinished / "chromium").chmod(0o755)
            for name in ("al2023", "fonts"):
                _decompress(package / f"{name}.tar.br", unfinished / f"{name}.tar")
                with tarfile.open(unfinished / f"{name}.tar") as archive:
                    archive.extractall(unfinished, filter="data")
            (unfinished / "fonts.conf").write_text(_FONTS.format(folder=folder))
            unfinished.rename(folder)
    libraries = os.pathsep.join(filter(None, (str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH"))))
    return Chromium(folder / "chromium", {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(folder / "fonts.conf")})


def _decompress(source: Path, target: Path) -> None:
    program = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"
    environment = os.environ | {"PATH": npm.path()}
    with source.open("rb") as compressed, target.open("wb") as file:
        subprocess.run(["node", "-e", program], stdin=compressed, stdout=file, env=environment, check=True, timeout=120)
