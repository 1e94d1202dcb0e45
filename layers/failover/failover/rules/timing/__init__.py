"""Time: instants, timeouts, back-off, the tolerance for tokens. Imports no other room of the rules."""
