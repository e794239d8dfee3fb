"""Calls for programs: the same rows that the pages show, read only."""
