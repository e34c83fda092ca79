"""NetSuite as the firm's ERP: SuiteTalk REST record service, SuiteQL and asynchronous collections."""

from tieline.connectors.netsuite.connection import connect

__all__ = ["connect"]
