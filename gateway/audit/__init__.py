"""The audit trail as an organisation keeps and hands it out: here, the export of evidence bundles."""
