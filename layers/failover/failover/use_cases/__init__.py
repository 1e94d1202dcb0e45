"""What the product does: accept a workflow, send a step, receive a status, deliver a webhook, register a caller."""
