def pytest_collection_modifyitems(items):
    """Whoever uses an engine needs the program built first that it runs."""
    for item in items:
        engine = item.callspec.params.get("fabric_engine") if hasattr(item, "callspec") else None
        if engine is not None:
            needed = "embedded_program" if engine == "embedded" else "chaincode_program"
            item.fixturenames[:0] = [name for name in [needed] if name not in item.fixturenames]
