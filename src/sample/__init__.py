"""Seeded raw files for trying, testing and measuring: clean, or with defects of known count."""
