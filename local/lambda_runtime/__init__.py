"""Runs functions as Lambda does: the built artifact, with AWS's runtime client and Runtime Interface Emulator."""
