"""Send one step over `sms`."""

from failover.edges import send_task
from failover.outside import Outside

outside = Outside()
handler = send_task.handler(outside, "sms")
