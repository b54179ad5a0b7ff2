"""Groups whose coordinator decides who reads what: consumer groups of KIP-848, and what share groups have in common."""
