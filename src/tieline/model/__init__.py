"""The services firm's own model: canonical records, money, ids and field ownership. No I/O, imports nothing of ours."""
