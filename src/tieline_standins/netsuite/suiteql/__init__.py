"""A small SuiteQL: enough of Oracle's SELECT for integrations, over the records of the account."""
