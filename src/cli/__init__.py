"""The command line: arguments in, one call, a table a person can trust at a glance out."""
