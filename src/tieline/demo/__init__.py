"""The demo: one engagement from opportunity to cash, driven through the vendors' own APIs as people do it there."""
