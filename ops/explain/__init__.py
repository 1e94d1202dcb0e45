"""Why was this customer's message late? One workflow's timeline, executions, logs and webhooks as one account.

It changes nothing and prints no text of a message, no address and no URL.
"""

import argparse
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from failover.errors import Failure, Temporary
from failover.rules.formats.ids import is_id
from ops.explain.account import account
from ops.explain.gather import NotFound, Stack, deployed
from ops.explain.story import Story
from ops.explain.verdict import verdict


def main(argv: list[str]) -> int:
    """Print the verdict, then the account. Returns 1 if the workflow cannot be explained."""
    parser = argparse.ArgumentParser(prog="ops explain", description=__doc__)
    parser.add_argument("--stack", default=os.environ.get("STACK"), help="the stack's name (default: $STACK)")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--workflow", help="the workflow's id")
    which.add_argument("--message", help="the message_uuid of one of its messages")
    which.add_argument("--client-ref", help="the workflow's client_ref, with --account; the newest one counts")
    parser.add_argument("--account", help="the api_key of the account, for --client-ref")
    parser.add_argument("--no-logs", action="store_true", help="do not query the logs, which costs by the GB")
    asked = parser.parse_args(argv)
    region = boto3.session.Session().region_name
    if not asked.stack or not region or (asked.client_ref and not asked.account):
        parser.error("needs --stack, a Region (AWS_DEFAULT_REGION), and --account with --client-ref")
    try:
        stack = deployed(asked.stack, region)
        print("\n".join(shown(stack.story(_id(stack, asked), logs=not asked.no_logs))))
    except NotFound as error:
        print(f"explain: {error}", file=sys.stderr)
        return 1
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        print(f"explain: {error.operation_name} was answered {code}", file=sys.stderr)
        return 1
    except (BotoCoreError, Failure, Temporary) as error:
        print(f"explain: AWS could not be asked: {type(error).__name__}", file=sys.stderr)
        return 1
    return 0


def _id(stack: Stack, asked: argparse.Namespace) -> str:
    """The workflow's id. Raises NotFound."""
    if asked.message:
        return stack.by_message(asked.message)
    if asked.client_ref:
        return stack.by_client_ref(asked.account, asked.client_ref)
    if not is_id(asked.workflow):
        raise NotFound("an id of a workflow looks like 37e32606-bd7f-4065-85ea-49b3bf3effa0")
    return str(asked.workflow)


def shown(story: Story) -> list[str]:
    """The lines of the whole answer."""
    first, *more = verdict(story)
    lines = [f"Workflow {story.workflow.id}", "", first, *(f"  - {one}" for one in more), ""]
    if story.gaps:
        lines += ["Not known:", *(f"  - {gap}" for gap in story.gaps), ""]
    return lines + account(story)
