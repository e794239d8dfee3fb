"""Models that run beside the worker: each in a program of its own, off the loop that carries sound."""
