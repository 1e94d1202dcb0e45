"""The workflow: its state, every transition, prices, what customers are shown. May import sending and lower rooms."""
