"""What a client asks for: accept, plan, show, cancel, advance."""
