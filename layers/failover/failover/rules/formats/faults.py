"""A fault: what is wrong with one field of an input."""

from failover.errors import Invalid

type Fault = dict[str, str]
"""{"name": "workflow[0].to.number", "reason": "…"}, as in `invalid_parameters` (docs/api.md, "Problems")."""


class InvalidRequest(Invalid):
    """All faults of a request."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
