"""What people ask of the thread, read from the database as plain frozen records; used by command line, API, console."""
