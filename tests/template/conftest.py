import json

import pytest
from samtranslator.translator.transform import transform

from tests.world import REGION, template


@pytest.fixture(scope="session")
def translated():
    """The template as SAM translates it to CloudFormation."""
    source = json.loads(json.dumps(template()))
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if name in properties:
                properties[name] = f"s3://bucket/{properties[name]}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        return transform(source, {}, _Policies())


class _Policies:
    def load(self):
        return {}
