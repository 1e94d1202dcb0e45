"""The shell blocks of the documentation, and the commands of the AWS CLI in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.world import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_BEGINS = re.compile(r"(?:^|\$\(|\|\||&&|[|;{]|\bdo|\bthen) *(?:local/env )?(?=aws )", re.MULTILINE)


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page: those without a language. A command on several lines is joined into one."""
    return blocks_of(page.read_text())


def blocks_of(text: str) -> list[str]:
    """The same of a part of a page."""
    found = [
        re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        for indent, language, block in _BLOCK.findall(text)
        if not language
    ]
    return [block.replace("\\\n", " ") for block in found]


def aws_commands(block: str) -> Iterator[list[str]]:
    """Each `aws …` in a block as its words, also those in functions, substitutions and pipes."""
    for begin in _BEGINS.finditer(block):
        yield shlex.split(block[begin.end() : _end(block, begin.end())])


def _end(text: str, at: int) -> int:
    """Where a command ends: at a line's end, or before what joins, closes or redirects it."""
    while at < len(text) and text[at] not in "\n;|&)>":
        at = _after(text, at)
    return at


def _after(text: str, at: int) -> int:
    """The place after a quoted text, a substitution or one character."""
    if text.startswith("$(", at):
        at += 2
        while text[at] != ")":
            at = _after(text, at)
    elif text[at] == "'":
        at = text.index("'", at + 1)
    elif text[at] == '"':
        at += 1
        while text[at] != '"':
            at = _after(text, at)
    elif text[at] == "\\":
        at += 1
    return at + 1
