"""The sandbox, spoken to over plain HTTP."""
