"""`quorate demo`: a whole consortium on one machine, from nothing to a report that a sceptic can check.

The one room that may import every other. Nothing here is needed in production, and nothing else imports it.
"""
