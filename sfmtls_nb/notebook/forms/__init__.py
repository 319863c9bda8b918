"""Forms to fill in instead of a magic line: sign-in, identity, SOAP, SOQL, the Setup of the practice org."""
