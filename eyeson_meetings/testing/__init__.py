"""What the tests of a site import: the sandbox in the place of eyeson, signed webhooks, rows."""
