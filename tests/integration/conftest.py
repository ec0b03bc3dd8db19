def pytest_collection_modifyitems(items):
    """Whoever uses a network needs its program built first."""
    for item in items:
        if {"fabric_network", "consortium"} & set(item.fixturenames) and "embedded_program" not in item.fixturenames:
            item.fixturenames.insert(0, "embedded_program")
