"""The Django admin: on the platform's host for its staff, on an agency's host for its owners and admins."""
