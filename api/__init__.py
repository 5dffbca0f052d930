"""The REST API: the same access rules, services and selectors as the site, for programs with a token."""
