"""From which day to which one looks at numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms

DEFAULT_DAYS = 90
MAX_DAYS = 731


@dataclass(frozen=True)
class Span:
    """Days in a row, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Each of them."""
        return [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]


def last_days(today: date, n: int = DEFAULT_DAYS) -> Span:
    """So many days up to today."""
    return Span(today - timedelta(days=n - 1), today)


class SpanForm(forms.Form):
    """Two days; one that is left out is the default's."""

    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date", "class": "input"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date", "class": "input"}))

    def __init__(self, data: Any, *, today: date) -> None:
        default = last_days(today)
        given = {"since": default.first.isoformat(), "until": default.last.isoformat()}
        super().__init__(given | {name: data[name] for name in given if data.get(name)})
        self.default, self.today = default, today

    def clean(self) -> dict[str, Any]:
        """Refuse what ends before it begins, and more than two years at once."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until:
            if until < since:
                raise forms.ValidationError("The last day lies before the first. Exchange them.")
            if (until - since).days >= MAX_DAYS:
                raise forms.ValidationError("That is more than two years. Choose a shorter time.")
        if until and until > self.today + timedelta(days=1):
            raise forms.ValidationError("The last day is still to come. Choose today or an earlier one.")
        return cleaned

    @property
    def span(self) -> Span:
        """What was asked for, or the default where that cannot be shown."""
        if not self.is_valid():
            return self.default
        return Span(self.cleaned_data["since"], self.cleaned_data["until"])
