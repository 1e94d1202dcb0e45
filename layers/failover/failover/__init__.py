"""Failover: send a list of messages one after the other until one of them has done its work.

    failover
    ├── rules      pure functions over plain data: no AWS, no HTTP, no clock, no environment
    ├── adapters   the outside: DynamoDB, Step Functions, the Messages API, secrets
    ├── use_cases  one module for each thing the product does, over rules and adapters
    ├── problems   the catalogue of errors a client can see
    ├── settings   the environment variables, read once
    └── observability   the one logger and the one set of metrics

Arrows point one way: use_cases import adapters and rules, adapters import rules, rules import nothing of ours.
"""
