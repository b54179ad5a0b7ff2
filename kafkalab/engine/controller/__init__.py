"""Who is alive, which topics exist, who leads what."""
