"""The parameters that samconfig.toml gives."""

from collections.abc import Iterator

from local.capacity.settings import template
from ops.clients import client
from ops.planned import Planned
from ops.report import Finding, failure, ok, warning


def settings(plan: Planned) -> Iterator[Finding]:
    unknown = sorted(set(plan.given) - set(template()["Parameters"]))
    if unknown:
        text = f"the template has no {', '.join(unknown)}: correct samconfig.toml, [{plan.config}.deploy.parameters]"
        yield failure("parameters", text)
    else:
        yield ok("parameters", f"{len(plan.given)} of samconfig.toml, environment {plan.config}")
    if not plan.parameters["AlarmTopicArn"]:
        yield warning("alarms", "AlarmTopicArn is empty, so no alarm notifies anyone: set it to an SNS topic")


def certificate(plan: Planned, region: str) -> Iterator[Finding]:
    """The custom domain's certificate, if there is one."""
    arn, domain = plan.parameters["CertificateArn"], plan.parameters["DomainName"]
    if not arn or not domain:
        return
    if (named := arn.split(":")[3]) != region:
        yield failure("certificate", f"it is in {named}, the stack in {region}: request one in {region}")
        return
    found = client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"]
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if found["Status"] != "ISSUED":
        yield failure("certificate", f"it is {found['Status']}: create its validation record, and wait until ISSUED")
    elif not {domain, f"*.{domain.partition('.')[2]}"} & names:
        yield failure("certificate", f"it is for {', '.join(sorted(names))}, not for {domain}")
    else:
        yield ok("certificate", f"issued for {domain}")
