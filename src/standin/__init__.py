"""A local stand-in for Redshift: its wire protocol and SQL text in front of a real PostgreSQL.

It is not Redshift: no planner, no distribution, no WLM, no Spectrum. docs/redshift.md says what
it accepts, rewrites, imitates and refuses.
"""
