"""Where everything that is drawn comes from: a generator of its own for each subject, so that none disturbs another."""

import random


def chance_of(*subject: object) -> random.Random:
    """The generator of a subject, such as a seed, a person and a week."""
    return random.Random(" ".join(map(str, subject)))  # noqa: S311 - made-up data, nothing secret
