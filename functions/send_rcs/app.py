"""Send one step over `rcs`."""

from failover.edges import send_task
from failover.outside import Outside

outside = Outside()
handler = send_task.handler(outside, "rcs")
