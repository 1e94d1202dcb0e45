"""On which resources each action of the deployer is allowed."""

from typing import Any, NamedTuple

type Statement = dict[str, Any]

PASSED_TO = {
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy.amazonaws.com",
}
"""Which service gets the role that a resource of the type names."""


class Scope(NamedTuple):
    sid: str
    actions: str
    """A pattern of actions, or several, separated by blanks."""
    resources: tuple[str, ...]
    """ARNs. Those with `${Stack}` are this stack's; the others say why they are wider."""
    condition: dict[str, Any] | None = None


def arn(service: str, name: str, *, region: str = "${Region}", account: str = "${Account}") -> str:
    return f"arn:${{Partition}}:{service}:{region}:{account}:{name}"


SERVERLESS_BUCKET = "arn:${Partition}:s3:::aws-sam-cli-managed-default-samclisourcebucket-*/*"
"""`sam deploy` stores code here (`resolve_s3`), and CloudFormation reads it."""
_FUNCTIONS = arn("lambda", "function:${Stack}-*")
_STAGES = arn("apigateway", "/restapis/*/stages/*", account="")
ROLES = arn("iam", "role/${Stack}-*", region="")

ONLY_WITH = {":/domainnames": "AWS::ApiGateway::DomainName", ":dashboard/": "AWS::CloudWatch::Dashboard"}
"""Parts of ARNs in the scopes, each with the type of resource without which it is left out."""

SCOPES = (
    Scope(
        "EventSourceMappings",  # their ids are random
        "lambda:*EventSourceMapping",
        ("*",),
        {"ArnLike": {"lambda:FunctionArn": _FUNCTIONS}},
    ),
    Scope(
        "FunctionsAndLayers",
        "lambda:*",
        (_FUNCTIONS, arn("lambda", "layer:${Stack}-*"), arn("lambda", "event-source-mapping:*")),
    ),
    Scope("Tables", "dynamodb:*", (arn("dynamodb", "table/${Stack}-*"),)),
    Scope("Queues", "sqs:*", (arn("sqs", "${Stack}-*"),)),
    Scope(
        "SecretsByCloudFormation",  # so that the deployer itself reads no secret
        "secretsmanager:GetSecretValue",
        (arn("secretsmanager", "secret:${Stack}/*"),),
        {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}},
    ),
    Scope(
        "Lists",  # these actions take no resource: AWS, Service Authorization Reference
        " ".join(
            (
                "secretsmanager:GetRandomPassword logs:DescribeLogGroups logs:DescribeResourcePolicies",
                "logs:DescribeIndexPolicies route53:ListHostedZones codedeploy:StopDeployment kms:ListAliases",
                "ec2:Describe*",
            )
        ),
        ("*",),
    ),
    Scope("Secrets", "secretsmanager:*", (arn("secretsmanager", "secret:${Stack}/*"),)),
    Scope("WebAclOfTheApi", "apigateway:SetWebACL wafv2:DisassociateWebACL", (_STAGES,)),
    Scope(
        "Api",  # API Gateway makes the ids
        "apigateway:*",
        tuple(
            arn("apigateway", name, account="")
            for name in ("/restapis", "/restapis/*", "/domainnames", "/domainnames/*", "/tags/*")
        ),
    ),
    Scope("ReadAlarms", "cloudwatch:DescribeAlarms", (arn("cloudwatch", "alarm:*"),)),
    Scope(
        "AlarmsAndDashboard",
        "cloudwatch:*",
        (arn("cloudwatch", "alarm:${Stack}-*"), arn("cloudwatch", "dashboard/${Stack}-${Region}", region="")),
    ),
    Scope("Logs", "logs:*", (arn("logs", "log-group:*${Stack}*"),)),  # replaced by the template's own names
    Scope("StateMachine", "states:*", (arn("states", "stateMachine:${Stack}-*"),)),
    Scope("Schedules", "events:*", (arn("events", "rule/${Stack}-*"),)),
    Scope("WebAcl", "wafv2:*", (arn("wafv2", "regional/webacl/*"), _STAGES)),
    Scope("Budget", "budgets:*", (arn("budgets", "budget/${Stack}-${Region}", region=""),)),
    Scope("Billing", "billing:*", (arn("billing", "billingview/*", region=""),)),
    Scope(
        "GradualDeployments",
        "codedeploy:*",
        (
            arn("codedeploy", "application:${Stack}-*"),
            arn("codedeploy", "deploymentgroup:${Stack}-*"),
            arn("codedeploy", "deploymentconfig:*"),
        ),
    ),
    Scope("DomainChanges", "route53:GetChange", ("arn:${Partition}:route53:::change/*",)),
    Scope("Domain", "route53:*", ("arn:${Partition}:route53:::hostedzone/*",)),
    Scope(
        "Key",  # the parameter names it
        "kms:*",
        (arn("kms", "key/*"),),
        {"StringLike": {"kms:ViaService": "*.${Region}.amazonaws.com*"}},
    ),
    Scope("Roles", "iam:*", (ROLES,)),
)

CODE = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
DEPLOYMENT: tuple[Statement, ...] = (
    {
        "Sid": "Deploy",
        "Effect": "Allow",
        "Action": [
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplateSummary",
            "cloudformation:TagResource",
            "cloudformation:UntagResource",
        ],
        "Resource": arn("cloudformation", "stack/${Stack}/*"),
    },
    {
        "Sid": "Translate",
        "Effect": "Allow",
        "Action": "cloudformation:CreateChangeSet",
        "Resource": arn("cloudformation", "transform/Serverless-2016-10-31", account="aws"),
    },
    {
        "Sid": "FindBucket",
        "Effect": "Allow",
        "Action": "cloudformation:DescribeStacks",
        "Resource": arn("cloudformation", "stack/aws-sam-cli-managed-default/*"),
    },
    {
        "Sid": "Code",
        "Effect": "Allow",
        "Action": CODE,
        "Resource": SERVERLESS_BUCKET,
    },
)
"""What `sam deploy` itself calls. Not `DeleteStack`: that is a person's decision."""
