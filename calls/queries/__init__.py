"""What pages and the API read. Every function takes rows already narrowed by `tenants.access`, or narrows them itself."""
