"""The NetSuite stand-in: SuiteTalk REST records, SuiteQL, asynchronous jobs and both ways to sign in.

Account TSTDRV1234567_SB1. Token-based authentication works at once with consumer key `standin-consumer-key`, consumer
secret `standin-consumer-secret`, token `standin-token-id`, token secret `standin-token-secret`. OAuth 2.0 (client
credentials) needs a certificate of the caller's own:
`POST /__standin__/customize {"certificates": [{"id": "kid1", "client_id": "my-client", "pem": "-----BEGIN ..."}]}`.
"""

from tieline_standins.netsuite.vendor import NetSuite

__all__ = ["NetSuite"]
