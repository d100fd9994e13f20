"""NetSuite: the client, its records and errors, and the signature of what NetSuite's script sends us."""
