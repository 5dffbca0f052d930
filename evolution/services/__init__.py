"""The verbs of the registry: the only code that writes mixers, lineage and breedings."""
