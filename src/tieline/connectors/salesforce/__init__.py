"""Salesforce as the CRM: where deals are won and where sales sees how they are delivered and paid."""

from tieline.connectors.salesforce.assembly import connect

__all__ = ["connect"]
