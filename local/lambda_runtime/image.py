"""A container image like Lambda's base image for Python, built from this machine's files: no registry is needed."""

import io
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from local.lambda_runtime import runtime

_TOOLS = ("sh", "cp", "mv", "rm", "chmod")
"""The commands in the Dockerfile with which the SAM CLI adds layers."""
_UNUSED = {"test", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages", "dist-packages", "pydoc_data"}
CONFIGURATION = (
    "ENV LANG=C.UTF-8",
    "ENV TZ=:UTC",
    "ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "ENV LD_LIBRARY_PATH=/var/lang/lib:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "ENV PYTHONPATH=/var/runtime",
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
)


def write(path: Path, layers: Iterable[Path]) -> None:
    """Write the image's files as a tar: Python, the runtime, a shell, and the C libraries they and `layers` need."""
    files = dict(_files())
    binaries = [file for name, file in files.items() if name.startswith("bin/") or _is_binary(file)]
    binaries += [file for layer in layers for file in layer.rglob("*") if _is_binary(file)]
    files |= {library.lstrip("/"): Path(library) for library in _libraries(binaries)}
    with tarfile.open(path, "w", dereference=True) as tar:
        for folder in ("dev", "etc", "opt", "proc", "sys", "tmp", "var/rapid", "var/task"):
            _add_folder(tar, folder)
        for name, file in files.items():
            tar.add(file.resolve(), name, recursive=False)
        _add_text(tar, "etc/passwd", "root:x:0:0::/:/bin/sh\n")
        _add_text(tar, "var/runtime/bootstrap", "#!/bin/sh\nexec python3.13 -S /var/runtime/bootstrap.py\n", 0o755)


def _files() -> Iterator[tuple[str, Path]]:
    """Yield (name in the image, file of this machine)."""
    for tool in _TOOLS:
        yield f"bin/{tool}", Path("/bin", tool)
    prefix = Path(sys.base_prefix)
    yield "var/lang/bin/python3.13", prefix / "bin/python3.13"
    for library in prefix.glob("lib/libpython3*.so*"):
        yield f"var/lang/lib/{library.name}", library
    standard = prefix / "lib/python3.13"
    for file in _below(standard):
        inner = file.relative_to(standard)
        if not _UNUSED & set(inner.parts) and not inner.parts[0].startswith("config-"):
            yield f"var/lang/lib/python3.13/{inner}", file
    for name, found in runtime.contents().items():
        for file in _below(found):
            yield f"var/runtime/{name}" + (f"/{file.relative_to(found)}" if found.is_dir() else ""), file


def _below(path: Path) -> Iterator[Path]:
    yield from (file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _is_binary(path: Path) -> bool:
    return ".so" in path.suffixes or path.name == "python3.13"


def _libraries(binaries: list[Path]) -> set[str]:
    """Return the absolute paths of the C libraries that the binaries need."""
    command = ["ldd", *(str(path.resolve()) for path in binaries)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # fails if one needs none
    found = re.findall(r"^\t(?:\S+ => )?(/\S+) \(", listed, re.MULTILINE)
    return {path for path in found if path.startswith(("/lib", "/usr/lib"))}


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    tar.addfile(info)


def _add_text(tar: tarfile.TarFile, name: str, text: str, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text), mode
    tar.addfile(info, io.BytesIO(text.encode()))
