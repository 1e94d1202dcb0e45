"""Generates ops/policies/deployer.json: what deploying this template needs, and nothing else.

CloudFormation calls AWS in the name of the one who deploys. Which actions it needs for a type of resource stands in
AWS's schema of the type (`handlers.*.permissions`), which cfn-lint ships. The schema also lists what only an option of
the type needs: `options` has the property that switches the option on. `scopes` has the resources of each action; an
action without a row there is an error, so nothing is granted unseen.

The file has placeholders, `${Partition}`, `${Region}`, `${Account}` and `${Stack}`: docs/continuous-deployment.md.
"""
