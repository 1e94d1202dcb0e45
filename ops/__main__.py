"""`python -m ops VERB [options]`: run one of the operators' tools. Each takes `--help`."""

import sys
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
    """Run a verb with its own arguments. Returns its exit code; 2 if there is no such verb."""
    if not argv or argv[0] not in VERBS:
        print(__doc__)
        print()
        for verb, purpose in VERBS.items():
            print(f"  {verb:<10} {purpose}")
        return 2
    module = import_module(f"ops.{argv[0]}")
    return int(module.main(argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
