"""The guided walk from the org to the first mutual TLS call."""
