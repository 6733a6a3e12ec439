"""Gets a working Pulumi engine and its two plugins, at the versions of the Python SDKs."""
