"""Send one step over `whatsapp`."""

from failover.edges import send_task
from failover.outside import Outside

outside = Outside()
handler = send_task.handler(outside, "whatsapp")
