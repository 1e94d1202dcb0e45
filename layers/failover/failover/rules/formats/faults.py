"""A fault: what is wrong with one field of an input."""

type Fault = dict[str, str]
"""{"name": "workflow[0].to.number", "reason": "…"}, as in `invalid_parameters` (docs/api.md, "Problems")."""
