"""Requests: validation, the form, the plan, idempotency. May import all other rooms of the rules."""
