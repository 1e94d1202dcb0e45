"""The deployed stack before its first message, with an application's credentials for the Messages API.

The credentials stay, and all other tests send with them: workers cache them for five minutes.
"""

import json
import uuid

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local import stack
from tests.e2e.test_failover import messenger, sms


def test_sent_and_confirmed(deployed):
    """With an application in the secret both steps are sent with its tokens, and their statuses count."""
    secrets = stack.client(deployed.place, "secretsmanager")
    secret_id = stack.resources(deployed.place)["MessagesSecret"]
    before = stack.secret(deployed.place, "MessagesSecret")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    application = {"application_id": str(uuid.uuid4()), "private_key": pem.replace("\n", "\\n")}
    secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps({**before, **application}))
    workflow_id = deployed.post(messenger("sim-rejected", 600), sms())
    assert deployed.over(workflow_id)["status"] == "completed"
    assert deployed.sent(workflow_id) == ["messenger", "sms"]
    assert deployed.sent_with(workflow_id) == ["application", "application"]
