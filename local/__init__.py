"""Brings the product's own template up on this machine, without Docker and without an AWS account."""
