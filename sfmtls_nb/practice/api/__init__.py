"""The org's HTTP interfaces: SOAP, REST, Bulk and OAuth."""
