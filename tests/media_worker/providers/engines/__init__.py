"""Engines of the tests: real programs, as those of the product, that need no model."""
