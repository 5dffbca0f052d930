"""What owners fill in when they share."""

from __future__ import annotations

from django import forms

from tournaments.services.sharing import MAX_NAME


class Visibility:
    """Who may find a tournament."""

    PRIVATE, LINK, PUBLIC = "private", "link", "public"


class NameForm(forms.Form):
    """The name under a link."""

    name = forms.CharField(
        label="Shown as",
        required=False,
        max_length=MAX_NAME,
        error_messages={"max_length": f"A name has {MAX_NAME} characters at most. Choose a shorter one."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


class VisibilityForm(NameForm):
    """Who may find a tournament, and under which name."""

    visibility = forms.ChoiceField(
        label="Who can see this tournament?",
        choices=[
            (Visibility.PRIVATE, "Only you"),
            (Visibility.LINK, "By link"),
            (Visibility.PUBLIC, "Public"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who can see this tournament."},
    )
