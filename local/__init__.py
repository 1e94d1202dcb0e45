"""Runs the template on this machine, without Docker and without an AWS account."""
