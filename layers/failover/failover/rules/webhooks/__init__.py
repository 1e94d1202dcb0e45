"""Webhooks: their bodies, URLs, signature and attempts. May import workflow and lower rooms."""
