"""What the product does: accept a workflow, send a step, receive a status, show a workflow, register a caller."""
