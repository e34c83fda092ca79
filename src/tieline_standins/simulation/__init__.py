"""A simulated firm: its people sell, work, bill and collect for a year, each through the vendor's own API.

Apart from the stand-ins' control API (people who join, the PSA's clock) nothing here knows how they are made, and
nothing knows of Tieline but the object in which the CRM keeps change orders: whoever watches the three systems has to
find out by itself. What really happened is written to a truth file. Everything follows from the seed; only what finance
bills when depends on when the drafts are there.
"""
