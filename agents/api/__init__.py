"""Agents for programs."""
