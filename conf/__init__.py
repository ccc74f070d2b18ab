"""Settings that differ between environments, as package data."""
