"""Mutual authentication: certificates, TLS, and the decision who may make a call."""
