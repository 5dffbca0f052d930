"""Static files under names that change with their content."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Also renames what scripts import from each other, so that browsers may keep every file for ever."""

    support_js_module_import_aggregation = True
