"""Channels: the channel table, the kinds of its fields, and message statuses. May import formats and timing."""
