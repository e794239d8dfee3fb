"""What `make check` and the Makefile use. Not part of the product."""
