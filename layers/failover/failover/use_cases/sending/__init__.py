"""Send one step."""
