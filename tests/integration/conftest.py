def pytest_collection_modifyitems(items):
    """Whoever uses a network needs the programs built first that it runs."""
    for item in items:
        if {"fabric_network", "consortium"} & set(item.fixturenames):
            needed = ["chaincode_program" if "native" in item.nodeid else "embedded_program"]
            item.fixturenames[:0] = [name for name in needed if name not in item.fixturenames]
