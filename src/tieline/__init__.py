"""Tieline ties CRM, PSA and ERP of a professional-services firm into one thread from opportunity to cash."""

__version__ = "0.2.0.dev0"
