"""Time: instants, timeouts, back-off, the tolerance for tokens. Imports no other package of the rules."""
