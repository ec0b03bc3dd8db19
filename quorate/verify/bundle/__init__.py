"""The form of a bundle: names, container, manifest, headers, events, proofs. The exporter writes by it too."""
