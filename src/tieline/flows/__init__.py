"""The business processes, each a plain function that may run at any time, any number of times."""
