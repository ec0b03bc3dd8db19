"""One per organisation: stands between its agents and the chain. Needs the extra ``quorate[gateway]``."""
