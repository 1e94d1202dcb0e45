"""What is wrong with one field of an input."""

type Fault = dict[str, str]
"""{"name": "workflow[0].to.number", "reason": "…"}, as an answer's `invalid_parameters` shows it (docs/api.md)."""
