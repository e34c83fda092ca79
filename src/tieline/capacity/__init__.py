"""What people could work, what is wanted of them, and what is missing. Pure."""
