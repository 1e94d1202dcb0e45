"""`python -m ops VERB [options]`: run one of the operators' tools. Each takes `--help`."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

VERBS = {
    "preflight": "before the first deployment: what would fail, and what to do about it",
    "connect": "after it: store the vendor's application and signature secret, and create the first account",
    "doctor": "test a deployed stack from outside",
    "explain": "one workflow: timeline, execution and logs in one list",
    "adopt": "templates with which CloudFormation adopts a restored table, or what a deleted stack has left",
    "restored": "the workflows of which something may be lost after a restore",
}
"""The module `ops.<verb>` has `main(argv: list[str]) -> int`; it is imported when its verb runs."""


def main(argv: list[str]) -> int:
    """Run a verb with its own arguments. Returns its exit code; 2 if there is no such verb, 130 if interrupted."""
    if not argv or argv[0] not in VERBS:
        print(__doc__)
        print()
        for verb, purpose in VERBS.items():
            print(f"  {verb:<10} {purpose}")
        return 2
    module = import_module(f"ops.{argv[0]}")
    with _ended_as_by_ctrl_c(signal.SIGTERM, signal.SIGHUP):
        try:
            return int(module.main(argv[1:]))
        except KeyboardInterrupt:
            print(f"{argv[0]}: interrupted; it can be run again", file=sys.stderr)
            return 130


@contextmanager
def _ended_as_by_ctrl_c(*signals: signal.Signals) -> Iterator[None]:
    """These signals raise KeyboardInterrupt, so that a verb ends what it has begun: the doctor deletes its account."""
    changed = [one for one in signals if signal.getsignal(one) is signal.SIG_DFL]  # nohup ignores SIGHUP
    for one in changed:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one in changed:
            signal.signal(one, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
