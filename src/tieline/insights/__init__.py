"""Key figures: one definition each, the records each rests on, and how they were before."""
