"""Send one step over `viber_service_msg`."""

from failover.edges import send_task
from failover.outside import Outside

outside = Outside()
handler = send_task.handler(outside, "viber_service_msg")
