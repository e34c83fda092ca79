"""The rehearsal: a month-end of a whole firm on stand-ins, disturbed on purpose and judged by the vendors' ledgers."""
