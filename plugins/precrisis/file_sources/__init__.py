"""Sources that are files in a folder or in somebody else's object store."""
