"""What a site can do: verbs with keywords that ask eyeson first and write after, through the mirror.

No service opens a transaction around a call to eyeson, none enqueues, and none asks who may do it: that is
the surface's question to the policy. Import from the module of the resource.
"""
