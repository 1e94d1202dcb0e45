"""Erasure by recipient: keyed hashes, and the proof of what was done. May import all other rooms of the rules."""
