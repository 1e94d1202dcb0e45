"""Actions that AWS's schemas list for a type of resource, and that only an option of the type needs."""

from typing import NamedTuple


class Option(NamedTuple):
    kind: str
    """Type of resource, or a pattern of types."""
    action: str
    """A pattern."""
    switch: str
    """The property, or another key of the resource, without which the action is not needed."""


OPTIONS = (
    Option("AWS::Lambda::Function", "ec2:*", "VpcConfig"),
    Option("AWS::Lambda::Function", "elasticfilesystem:*", "FileSystemConfigs"),
    Option("AWS::Lambda::Function", "s3files:*", "FileSystemConfigs"),
    Option("AWS::Lambda::Function", "kms:*", "KmsKeyArn"),
    Option("AWS::Lambda::Function", "lambda:GetCodeSigningConfig", "CodeSigningConfigArn"),
    Option("AWS::Lambda::Function", "lambda:*FunctionCodeSigningConfig", "CodeSigningConfigArn"),
    Option("AWS::Lambda::Function", "lambda:PassCapacityProvider", "CapacityProviderConfig"),
    Option("AWS::Lambda::*", "lambda:*FunctionScalingConfig", "FunctionScalingConfig"),
    Option("AWS::Lambda::*", "lambda:AssociateRuntimeAlias", "RuntimeManagementConfig"),
    Option("AWS::Lambda::*", "lambda:PutRuntimeManagementConfig", "RuntimeManagementConfig"),
    Option("AWS::Lambda::*", "lambda:[PD]*ProvisionedConcurrencyConfig", "ProvisionedConcurrencyConfig"),
    Option("AWS::Lambda::Alias", "codedeploy:*", "CodeDeployLambdaAliasUpdate"),
    Option("AWS::Lambda::EventSourceMapping", "kms:*", "KmsKeyArn"),
    Option("AWS::DynamoDB::Table", "kms:*", "KMSMasterKeyId"),
    Option("AWS::DynamoDB::Table", "kinesis:*", "KinesisStreamSpecification"),
    Option("AWS::DynamoDB::Table", "dynamodb:[EDU]*KinesisStreamingDestination", "KinesisStreamSpecification"),
    Option("AWS::DynamoDB::Table", "dynamodb:*Import*", "ImportSourceSpecification"),
    Option("AWS::DynamoDB::Table", "logs:*", "ImportSourceSpecification"),
    Option("AWS::DynamoDB::Table", "s3:*", "ImportSourceSpecification"),
    Option("AWS::DynamoDB::Table", "dynamodb:*TableReplica", "GlobalTableSourceArn"),
    Option("AWS::DynamoDB::Table", "dynamodb:*Item", "GlobalTableSourceArn"),
    Option("AWS::DynamoDB::Table", "dynamodb:Query", "GlobalTableSourceArn"),
    Option("AWS::DynamoDB::Table", "dynamodb:Scan", "GlobalTableSourceArn"),
    Option("AWS::DynamoDB::Table", "iam:CreateServiceLinkedRole", "GlobalTableSourceArn"),
    Option("AWS::DynamoDB::Table", "dynamodb:UpdateContributorInsights", "ContributorInsightsSpecification"),
    Option("AWS::DynamoDB::Table", "dynamodb:[PD]*ResourcePolicy", "ResourcePolicy"),
    Option("AWS::SecretsManager::Secret", "secretsmanager:Re*Region*", "ReplicaRegions"),
    Option("AWS::IAM::Role", "iam:AttachRolePolicy", "ManagedPolicyArns"),
    Option("AWS::IAM::Role", "iam:UpdateRoleDescription", "Description"),
    Option("AWS::IAM::Role", "iam:*RolePermissionsBoundary", "PermissionsBoundary"),
    Option("AWS::IAM::Policy", "iam:*GroupPolicy", "Groups"),
    Option("AWS::IAM::Policy", "iam:*UserPolicy", "Users"),
    Option("AWS::ApiGateway::RestApi", "s3:*", "BodyS3Location"),
    Option("AWS::ApiGateway::RestApi", "iam:PassRole", "credentials"),
    Option("AWS::ApiGateway::RestApi", "apigateway:UpdateRestApiPolicy", "Policy"),
    Option("AWS::Logs::LogGroup", "*:*DataProtectionPolicy", "DataProtectionPolicy"),
    Option("AWS::Logs::LogGroup", "logs:CreateLogDelivery", "DataProtectionPolicy"),
    Option("AWS::Logs::LogGroup", "firehose:*", "DataProtectionPolicy"),
    Option("AWS::Logs::LogGroup", "s3:*", "DataProtectionPolicy"),
    Option("AWS::Logs::LogGroup", "logs:[PD]*IndexPolicy", "FieldIndexPolicies"),
    Option("AWS::Logs::LogGroup", "logs:[PD]*ResourcePolicy", "ResourcePolicyDocument"),
    Option("AWS::Logs::LogGroup", "logs:*KmsKey", "KmsKeyId"),
    Option("AWS::Logs::LogGroup", "logs:PutLogGroupDeletionProtection", "DeletionProtectionEnabled"),
    Option("AWS::Logs::LogGroup", "logs:PutBearerTokenAuthentication", "BearerTokenAuthenticationEnabled"),
    Option("AWS::StepFunctions::StateMachine", "kms:*", "EncryptionConfiguration"),
    Option("AWS::Events::Rule", "iam:PassRole", "RoleArn"),
    Option("AWS::CodeDeploy::DeploymentGroup", "codedeploy:*OnPremisesInstance", "OnPremisesInstanceTagFilters"),
    Option("AWS::WAFv2::WebACL", "payments:*", "MonetizationConfig"),
    # The web ACL is associated with a stage of API Gateway, and with nothing else.
    Option("AWS::WAFv2::WebACLAssociation", "amplify:*", "amplify"),
    Option("AWS::WAFv2::WebACLAssociation", "apprunner:*", "apprunner"),
    Option("AWS::WAFv2::WebACLAssociation", "appsync:*", "appsync"),
    Option("AWS::WAFv2::WebACLAssociation", "bedrock-agentcore:*", "bedrock-agentcore"),
    Option("AWS::WAFv2::WebACLAssociation", "cognito-idp:*", "cognito-idp"),
    Option("AWS::WAFv2::WebACLAssociation", "ec2:*", "ec2"),
    Option("AWS::WAFv2::WebACLAssociation", "elasticloadbalancing:*", "elasticloadbalancing"),
    Option("AWS::WAFv2::WebACLAssociation", "wafv2:*PermissionPolicy", "RuleGroup"),
)

UNLISTED = (
    Option("AWS::SecretsManager::Secret", "kms:Decrypt", "KmsKeyId"),
    Option("AWS::SecretsManager::Secret", "kms:GenerateDataKey", "KmsKeyId"),
)
"""What an option needs although the schemas do not list it: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"""
