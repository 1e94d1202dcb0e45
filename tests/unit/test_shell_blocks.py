"""The shell blocks of the docs can be pasted as they are, into bash and into zsh."""

import re
import subprocess

import pytest

from tests.shell_blocks import PAGES, blocks
from tests.world import ROOT

SHELL = [pytest.param(page, id=page.stem) for page in PAGES if blocks(page)]
ASKED_FOR = {
    "first lines of [operations](operations.md)": ROOT / "docs/operations.md",
    "readme.md#try-it": ROOT / "README.md",
}
"""The pages whose blocks come before those of a page that says so."""


@pytest.mark.parametrize("page", SHELL)
def test_syntax(page):
    """Each block is one that bash can parse."""
    for block in blocks(page):
        parsed = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (parsed.returncode, parsed.stderr) == (0, ""), block


UNPASTABLE = {
    "a comment, whose words zsh takes for arguments": r"(^|\s)#(\s|$)",
    "a placeholder that a shell takes for a redirection": r"<[a-zA-Z][\w' ]*>",
    "a program or option that macOS does not have": r"\b(date -d|sed -i|readlink -f|base64 -w|grep -P)\b",
    "what bash 3.2 or zsh does not know": r"\b(readarray|mapfile)\b|\$\{\w+(,,|\^\^)",
    "one word for zsh, and several for bash": r"\$\{\w+:?\+[^}]* ",
}


@pytest.mark.parametrize("page", SHELL)
@pytest.mark.parametrize("fault", UNPASTABLE)
def test_every_shell(page, fault):
    """No block has what only some shells or systems take."""
    for block in blocks(page):
        assert not re.search(UNPASTABLE[fault], unquoted(block)), block


def unquoted(block):
    """A block without what is in single quotes, and with escaped dollars left out."""
    return re.sub(r"'[^']*'", "''", block).replace("\\$", "")


def functions(shell):
    """The functions that commands define."""
    return set(re.findall(r"^ *(\w+)\(\) ?\{", shell, re.MULTILINE))


def variables(shell):
    """The variables that commands set."""
    return {
        name for found in re.findall(r"(?:^|\s)(\w+)=|\bfor (\w+) in\b|\bread -r\w* (\w+)", shell) for name in found
    }


EVERY_FUNCTION = {name for page in PAGES for name in functions("\n".join(blocks(page)))}


@pytest.mark.parametrize("page", SHELL)
def test_what_is_used_is_defined(page):
    """What a page's blocks use is defined there or in the page that it asks for; a variable may be named instead."""
    before = [path for words, path in ASKED_FOR.items() if words in re.sub(r"\s+", " ", page.read_text()).lower()]
    text = "".join(path.read_text() for path in [*before, page])
    shell = unquoted("\n".join(block for path in [*before, page] for block in blocks(path)))
    used = set(re.findall(r"\$\{?([A-Za-z]\w*)", shell))
    assert {name for name in used - variables(shell) if f"`{name}" not in text} == set()
    called = {name for name in EVERY_FUNCTION if re.search(rf"(^ *|\$\(|[|;&] *){name}(?=[ )]|$)", shell, re.MULTILINE)}
    assert called - functions(shell) == set()


PRINTING = [page for page in PAGES if re.search(r"^ *aws ", "\n".join(blocks(page)), re.MULTILINE)]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PRINTING])
def test_no_pager(page):
    """A page that shows what AWS answers keeps the AWS CLI from a pager, which would take the lines pasted after it for
    its own commands."""
    asks = "first lines of" in page.read_text()
    assert asks or "export AWS_PAGER=\n" in "\n".join(blocks(page))
