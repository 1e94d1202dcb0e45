"""The functions as Lambda runs them: the built artifact under AWS's own runtime client and runtime emulator."""
