"""Workflows in the table with their indexes, and their executions in Step Functions."""
