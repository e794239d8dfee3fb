"""Accounts with carriers, and the phone numbers they carry: who answers each."""
