"""The verbs of accounts. What users did elsewhere comes in by `record` alone."""

from accounts.services.intake import record

__all__ = ["record"]
