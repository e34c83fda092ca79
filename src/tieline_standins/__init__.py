"""Local stand-ins of the vendors' systems: they imitate published contracts and share no code with Tieline."""
