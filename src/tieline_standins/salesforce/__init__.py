"""A local stand-in of Salesforce: REST, SOQL, composite, Bulk API 2.0 and change events, in memory.

Credentials of the seeded org (change them with `customize`): consumer key `3MVG9haldenmarsh.tieline`, consumer secret
`halden-marsh-consumer-secret`, user `integration@haldenmarsh.example` with password `halden-marsh-password` and
security token `SECTOKEN`. For the JWT flow register the certificate of your key as `connectedApps[].certificate`.
"""

from tieline_standins.core.vendor import Context, Vendor
from tieline_standins.salesforce.vendor import Salesforce


def build(context: Context) -> Vendor:
    """The stand-in, seeded."""
    return Salesforce(context)
