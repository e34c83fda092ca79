"""Measurements of Tieline against the stand-ins: `python -m bench`, or `make bench`."""
