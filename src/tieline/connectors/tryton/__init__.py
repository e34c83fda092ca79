"""Tryton as the ERP: customers, projects, contracts as quotations, time, draft invoices and what became of them."""

from tieline.connectors.tryton.assembly import connect

__all__ = ["connect"]
