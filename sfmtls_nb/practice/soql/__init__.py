"""SOQL: a query's text becomes a Query, and a Query run on the data becomes records."""
