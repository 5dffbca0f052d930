"""The verbs of the arena: the only code that writes its tables."""
