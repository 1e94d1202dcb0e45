"""Test generated histories in which anything may fail. Read this folder last, and machine.py first."""
