"""Share groups as their coordinator sees them: who is in them, and which partitions each member reads."""
