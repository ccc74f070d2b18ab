"""Starlift: raw CSV and JSON files become a tested star schema in Amazon Redshift."""

__version__ = "0.1.0"
