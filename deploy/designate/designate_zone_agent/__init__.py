"""Designate's pool backend for a DNS zone agent: CREATE and DELETE (opcode 14), NOTIFY for changes.

wire.py      the messages, and what an answer to them is worth
agents.py    which agent is asked when, and for how long
settings.py  the options of a target in pools.yaml
backend.py   what Designate's worker calls
"""
