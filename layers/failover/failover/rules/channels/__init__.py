"""Channels: the channel table, the kinds of its fields, message statuses. May import formats and timing."""
