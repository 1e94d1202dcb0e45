"""Send one step over `messenger`."""

from failover.edges import send_task
from failover.outside import Outside

outside = Outside()
handler = send_task.handler(outside, "messenger")
