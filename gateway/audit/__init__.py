"""The audit trail as an organisation keeps it, lets it be read, and hands it out as evidence."""
