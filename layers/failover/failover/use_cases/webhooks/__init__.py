"""Queue, deliver, show and redeliver webhooks."""
