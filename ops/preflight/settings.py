"""The parameters that samconfig.toml gives."""

from collections.abc import Iterator

from local.capacity.settings import template
from ops.clients import client
from ops.planned import Planned
from ops.report import Finding, failure, ok, warning


def settings(plan: Planned) -> Iterator[Finding]:
    """What samconfig.toml gives, and what it leaves to the value that the stack has."""
    known = template()["Parameters"]
    section = f"samconfig.toml, [{plan.config}.deploy.parameters]"
    if unknown := sorted(set(plan.given) - set(known)):
        yield failure("parameters", f"the template has no {', '.join(unknown)}: correct {section}")
    missing = sorted(set(known) - set(plan.given))
    if plan.given and missing:
        text = f"{section} does not name {', '.join(missing)}: an existing stack keeps the values it has"
        yield warning("parameters", text)
    if not unknown:
        defaults = {name: str(one.get("Default", "")) for name, one in known.items()}
        own = [f"{name}={value}" for name, value in plan.given.items() if value != defaults[name]]
        yield ok("parameters", f"not the template's defaults: {', '.join(own) or 'none'}")
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


def access_log(plan: Planned, region: str) -> Iterator[Finding]:
    """The account's role for API Gateway's logs, without which a stack with an access log cannot be created."""
    if plan.parameters["AccessLogs"] != "true":
        return
    if client("apigateway", region).get_account().get("cloudwatchRoleArn"):
        yield ok("access log", "API Gateway has a role for its logs")
        return
    command = "aws cloudformation deploy --stack-name api-gateway-logs --template-file ops/account.yaml"
    text = "API Gateway has no role for logs in this account and Region, so the stack could not be created. Once: "
    yield failure("access log", f"{text}{command} --capabilities CAPABILITY_IAM. Or set AccessLogs=false")
