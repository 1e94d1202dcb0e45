"""A custom domain, and TLS in front of the API."""

import re

import boto3
import pytest

from tests.world import REGION, template

DOMAIN = ("Domain", "DomainBeta", "DomainDispatch")


@pytest.mark.parametrize("name", DOMAIN)
def test_only_where_one_is_named(translated, name):
    """Without DomainName the stack has no domain and no mapping."""
    assert template()["Parameters"]["DomainName"]["Default"] == ""
    assert translated["Resources"][name]["Condition"] == "WithDomain"
    assert translated["Conditions"]["WithDomain"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "DomainName"}, ""]}]}


def test_tls(translated):
    """Neither the API's own address nor the domain speaks TLS below 1.2, and AWS knows both policies."""
    api, domain = (translated["Resources"][name]["Properties"] for name in ("Api", "Domain"))
    policies = boto3.client("apigateway", region_name=REGION).meta.service_model.shape_for("SecurityPolicy").enum
    assert (api["SecurityPolicy"], domain["SecurityPolicy"]) == ("SecurityPolicy_TLS13_1_2_2021_06", "TLS_1_2")
    assert {api["SecurityPolicy"], domain["SecurityPolicy"]} <= set(policies)
    assert api["EndpointAccessMode"] == "BASIC", "AWS requires it with a policy of this kind"


def test_the_domain(translated):
    """It is regional, with the certificate that is named."""
    domain = translated["Resources"]["Domain"]["Properties"]
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert domain["RegionalCertificateArn"] == {"Ref": "CertificateArn"}


def test_both_base_paths(translated):
    """Both endpoints have their original paths: each base path leads to the one stage, and exists after it."""
    mappings = [translated["Resources"][name]["Properties"] for name in DOMAIN[1:]]
    assert [mapping["BasePath"] for mapping in mappings] == ["beta", "v0.1"]
    for mapping in mappings:
        assert mapping["DomainName"] == {"Ref": "Domain"}
        assert mapping["RestApiId"] == {"Ref": "Api"}
        assert mapping["Stage"] == {"Ref": "ApibetaStage"}


def test_the_record(translated):
    """With HostedZoneId an alias record leads to the domain; the zone of the target is not the one of the record."""
    record = translated["Resources"]["DomainRecord"]
    assert record["Condition"] == "WithDomainRecord"
    properties = record["Properties"]
    assert (properties["Type"], properties["Name"]) == ("A", {"Ref": "DomainName"})
    assert properties["HostedZoneId"] == {"Ref": "HostedZoneId"}
    target = properties["AliasTarget"]
    assert target["DNSName"] == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}
    assert target["HostedZoneId"] == {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]}


@pytest.mark.parametrize(
    ("rule", "given", "needed"),
    [
        ("DomainNeedsCertificate", "DomainName", "CertificateArn"),
        ("RecordNeedsDomain", "HostedZoneId", "DomainName"),
    ],
)
def test_half_a_domain_is_refused(translated, rule, given, needed):
    """A domain without a certificate, or a record without a domain, fails before anything is created."""

    def named(parameter):
        return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}

    assert translated["Rules"][rule]["RuleCondition"] == named(given)
    (assertion,) = translated["Rules"][rule]["Assertions"]
    assert assertion["Assert"] == named(needed)
    assert given in assertion["AssertDescription"]
    assert needed in assertion["AssertDescription"]


@pytest.mark.parametrize(
    ("parameter", "allowed", "refused"),
    [
        (
            "DomainName",
            ["", "workflows.example.com", "a.b", "xn--bcher-kva.example"],
            ["com", "Workflows.example.com", "https://a.example", "a.example/", "-a.example", "a..example"],
        ),
        (
            "CertificateArn",
            [
                "",
                "arn:aws:acm:eu-west-1:123456789012:certificate/1-2",
                "arn:aws-cn:acm:cn-north-1:123456789012:certificate/1",
            ],
            ["certificate/1-2", "arn:aws:iam::123456789012:server-certificate/a"],
        ),
        ("HostedZoneId", ["", "Z0123456789ABC"], ["/hostedzone/Z0123456789ABC", "example.com"]),
    ],
)
def test_values(parameter, allowed, refused):
    """A mistyped value is refused at once."""
    pattern = re.compile(template()["Parameters"][parameter]["AllowedPattern"])
    assert all(pattern.fullmatch(value) for value in allowed)
    assert not any(pattern.fullmatch(value) for value in refused)


def test_the_output(translated):
    """ApiUrl is the domain if there is one."""
    with_domain, own = translated["Outputs"]["ApiUrl"]["Value"]["Fn::If"][1:]
    assert with_domain == {"Fn::Sub": "https://${DomainName}/beta"}
    assert own["Fn::Sub"].startswith("https://${Api}.execute-api.")


def test_the_own_address_stays(translated):
    """API Gateway's own address answers beside a domain: messages sent before name it for their callbacks."""
    body = translated["Resources"]["Api"]["Properties"]["Body"]
    assert "x-amazon-apigateway-endpoint-configuration" not in body
