"""The Messages API: its requests, and the tokens that sign them."""
