"""Calls for programs: the same rows that the pages show, and placing one."""
