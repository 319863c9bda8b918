"""Completion: the names that the Tab key offers."""
