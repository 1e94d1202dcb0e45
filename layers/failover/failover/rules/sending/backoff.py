"""How long a send may take after its claim (docs/reliability.md, F4 to F8)."""

from failover.rules.timing.timeouts import CONNECT_SECONDS, READ_SECONDS

BEGIN_SECONDS = 15.0
"""Seconds after its claim in which a send may begin its request. Otherwise its claim is released."""
LONGEST_SEND = BEGIN_SECONDS + CONNECT_SECONDS + READ_SECONDS
"""Seconds after its claim by which a send has no request under way: it is cut off at its timeout."""
