"""Requests to the sandbox, and messages of its queue."""

import base64
import json
import os
from dataclasses import replace

import boto3
import simplejson

from failover.rules.sending import outgoing
from tests.examples import MESSENGER, SMS
from tests.world import CREDENTIALS, http_event

WEBHOOK = "https://api.test/beta/webhooks/message-status"
BASIC = "Basic " + base64.b64encode(f"{CREDENTIALS['api_key']}:{CREDENTIALS['api_secret']}".encode()).decode()


def post(app, body, version="v1", authorization=BASIC):
    event = http_event("POST", f"/sandbox/{version}/messages", simplejson.dumps(body), Authorization=authorization)
    return app.handler(event | {"resource": f"/sandbox/{version}/messages", "pathParameters": None}, None)


def to(recipient):
    step = SMS if recipient.isdigit() else MESSENGER
    body = outgoing.v1(step, "ref", WEBHOOK)
    return body | {"to": recipient}


def accepted(app, url, body):
    """Store a message whose callbacks go to `url` and return its queue messages."""
    app.outside.settings = replace(app.outside.settings, public_url=url)
    assert post(app, body | {"webhook_url": f"{url}/webhooks/message-status"})["statusCode"] == 202
    sqs = boto3.client("sqs")
    return [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=os.environ["SANDBOX_QUEUE"], MaxNumberOfMessages=10)["Messages"]
    ]


def play(receipts, message):
    text = message if isinstance(message, str) else json.dumps(message)
    receipts.handler({"Records": [{"body": text}]}, None)
