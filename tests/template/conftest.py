import json

import pytest
from samtranslator.translator.transform import transform

from tests.world import REGION, template


def translate(source=None, **parameters):
    """A template, by default template.yaml, as SAM translates it to CloudFormation with these parameters."""
    source = json.loads(json.dumps(source or template()))
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if name in properties:
                properties[name] = f"s3://bucket/{properties[name]}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        return transform(source, parameters, _Policies())


@pytest.fixture(scope="session")
def translated():
    """The template as SAM translates it to CloudFormation."""
    return translate()


class _Policies:
    def load(self):
        return {}
