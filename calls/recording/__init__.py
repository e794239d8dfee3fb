"""Recordings: written in small sealed segments while a call runs, assembled afterwards, served with seeking."""
