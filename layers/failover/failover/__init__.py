"""Failover: send the messages of a workflow one after the other until one is delivered or read.

    failover
    ├── edges          what functions share: requests and answers of API Gateway, guarded tasks, the public pages
    ├── use_cases      what the product does, one module each
    ├── outside        the adapters a use case may use, made when first asked for
    ├── adapters       DynamoDB, Step Functions, SQS, the Messages API, customers' servers
    ├── observability  the one logger and the one set of metrics
    ├── problems       the catalogue of errors that a client can see
    ├── rules          decisions: pure functions over plain data
    ├── settings       the environment variables, read once
    └── errors         the exceptions, drawn as a tree

Imports point downwards only, in this list and between the rooms of `rules`, `adapters` and `use_cases`, which have the
same names: channels, callers, requests, sending, receipts, workflow, webhooks, erasure. import-linter holds it
(pyproject.toml)
"""
