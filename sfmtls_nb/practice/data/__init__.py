"""The org's data: its sObjects, and records of them."""
