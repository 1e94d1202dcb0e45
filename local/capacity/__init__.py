"""How much the stack can take: what workflows ask of each resource, against AWS's quotas and the template's settings.

profiles → demand → limits (quotas and settings) → tables. `make capacity` prints the tables, `make generate` writes
them into docs/operations.md. The counts in `profiles` are those that tests/functions/test_capacity_counts.py counts.
"""
