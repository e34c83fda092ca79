"""Everything that is kept: PostgreSQL, its migrations, and the statements that read and write it."""
