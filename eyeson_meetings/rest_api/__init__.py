"""The REST API: what a site can do, as JSON under `api/v1/`.

Views parse, ask the policy, call one service and answer. No row number leaves the site, and an address
that opens a meeting is in the answer to a join and nowhere else.
"""
