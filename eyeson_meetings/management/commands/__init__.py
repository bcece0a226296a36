"""One command a file. Each parses, calls services and says in words what came of it."""
