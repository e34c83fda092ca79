"""Which records of several systems mean the same customer: normalisation, candidates, scores with reasons, groups."""
