"""Keys and certificates: reading them from files, ordering the chain, and finding what is wrong."""
