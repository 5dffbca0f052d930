"""What listeners fill in about themselves."""

from __future__ import annotations

from django import forms


class PrivacyForm(forms.Form):
    """Who may see what."""

    is_public = forms.BooleanField(required=False)
    is_ranked = forms.BooleanField(required=False)
