"""The agent that runs next to an institution's data, and the plans it trains; needs ``quorate[participant]``."""
