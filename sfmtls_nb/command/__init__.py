"""The command ``sfmtls-nb`` of the shell."""
