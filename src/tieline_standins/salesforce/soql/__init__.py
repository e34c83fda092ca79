"""SOQL, the query language of the platform: parsed, checked against the schema, and run over the store."""
