"""The agency's accounts with vendors of models: their keys, their forms, and whether they work."""
