"""What people fill in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from evolution.models import Mixer
from mixing.console.nudge import Nudge, off
from mixing.console.parameter import GROUPS
from mixing.genres import GENRES
from tournaments.heard import MAX_SWITCHES
from tournaments.models import AbxTest, Album, Export, Song, Tournament
from tournaments.selectors.recipes import Knob, Section
from tournaments.services.albums import FORMATS

# What a file chooser offers; the server judges by content alone.
ACCEPTED_FILES = ".wav,.wave,.aif,.aiff,.flac,.mp3,.ogg,.oga,.zip,audio/*,application/zip"


class SeveralFilesInput(forms.ClearableFileInput):
    """A file chooser that takes several at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """One file or several; cleaned to a list."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Check each file as a single one would be."""
        files = data if isinstance(data, list | tuple) else [data]
        return [super(SeveralFilesField, self).clean(file, initial) for file in files or [None]]


class UploadForm(forms.Form):
    """One song: a file, its stems, or a zip of them."""

    title = forms.CharField(
        label="Title", required=False, max_length=120, widget=forms.TextInput(attrs={"class": "input"})
    )
    file = SeveralFilesField(
        label="Your song",
        error_messages={
            "required": "No file came with the form. Choose one and send it again.",
            "empty": "The file is empty. Export it again and choose the new one.",
            "max_length": "The file's name is too long. Shorten it and send it again.",
        },
        max_length=255,
        widget=SeveralFilesInput(attrs={"accept": ACCEPTED_FILES}),
    )


class SubmissionForm(forms.Form):
    """A mixer's weights and card."""

    weights = forms.FileField(
        label="Weights",
        error_messages={
            "required": "No weights came with the form. Choose a .safetensors file.",
            "empty": "The weights file is empty. Export it again and choose the new one.",
            "max_length": "The name of the weights file is too long. Shorten it and send it again.",
        },
        max_length=255,
        widget=forms.FileInput(attrs={"class": "input", "accept": ".safetensors"}),
    )
    card = forms.FileField(
        label="Card",
        error_messages={
            "required": "No card came with the form. Choose a .toml file.",
            "empty": "The card is empty. Write one and choose it.",
            "max_length": "The name of the card is too long. Shorten it and send it again.",
        },
        max_length=255,
        widget=forms.FileInput(attrs={"class": "input", "accept": ".toml"}),
    )


class AlbumForm(forms.Form):
    """A title, a mixer, a format, and a track number for each song that belongs to the album."""

    title = forms.CharField(
        label="Title",
        max_length=120,
        error_messages={"required": "The album has no title. Give it one."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    mixer = forms.ModelChoiceField(
        label="Mixer",
        queryset=Mixer.objects.none(),
        empty_label=None,
        to_field_name="slug",
        error_messages={
            "required": "No mixer is chosen. Pick one.",
            "invalid_choice": "This mixer is not active. Choose another one.",
        },
        widget=forms.Select(attrs={"class": "select"}),
    )
    format = forms.ChoiceField(
        label="Files",
        choices=[(f.value, f.label) for f in FORMATS],
        error_messages={
            "required": "No kind of file is chosen. Pick one.",
            "invalid_choice": "There are no files of this kind. Choose one of the list.",
        },
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, *args: Any, songs: Sequence[Song], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Mixer.objects.filter(state=Mixer.State.ACTIVE).order_by("-is_champion", "nickname")
        self.fields["mixer"].queryset = active  # type: ignore[attr-defined]
        self._songs = {f"track_{song.public_id.hex}": song for song in songs}
        for name, song in self._songs.items():
            self.fields[name] = forms.IntegerField(
                label=f"Track number of {song.title}",
                required=False,
                min_value=1,
                max_value=Album.MAX_SONGS,
                error_messages={
                    "invalid": f"The track number of {song.title} is no whole number. Write 1 to {Album.MAX_SONGS}.",
                    "min_value": f"The track number of {song.title} is too low. Write 1 to {Album.MAX_SONGS}.",
                    "max_value": f"The track number of {song.title} is too high. Write 1 to {Album.MAX_SONGS}.",
                },
                widget=forms.NumberInput(attrs={"class": "input", "min": 1, "max": Album.MAX_SONGS}),
            )

    def lines(self) -> list[tuple[Song, forms.BoundField]]:
        """Each song with the field of its track number."""
        return [(song, self[name]) for name, song in self._songs.items()]

    def clean(self) -> dict[str, Any]:
        """Two songs cannot be the same track."""
        numbered: dict[int, Song] = {}
        for name, song in self._songs.items():
            number = self.cleaned_data.get(name)
            if number is None:
                continue
            if number in numbered:
                raise forms.ValidationError(
                    f"{numbered[number].title} and {song.title} are both track {number}. Number them differently."
                )
            numbered[number] = song
        self.cleaned_data["songs"] = numbered
        return self.cleaned_data


class StartForm(forms.Form):
    """The confirmed genre and the number of rounds."""

    genre = forms.ChoiceField(
        label="Genre",
        choices=[("", "Choose a genre"), *GENRES.items()],
        error_messages={
            "required": "No genre is chosen. Pick the one that fits best.",
            "invalid_choice": "This genre is not on the list. Pick one that is.",
        },
        widget=forms.Select(attrs={"class": "select"}),
    )
    n_rounds = forms.TypedChoiceField(
        label="Rounds",
        coerce=int,
        choices=[(n, str(n)) for n in range(Tournament.MIN_ROUNDS, Tournament.MAX_ROUNDS + 1)],
        initial=Tournament.DEFAULT_ROUNDS,
        error_messages={
            "required": "No number of rounds is chosen. Pick 3 to 10.",
            "invalid_choice": "A tournament has 3 to 10 rounds. Pick a number in that range.",
        },
        widget=forms.RadioSelect,
    )


class LogField(forms.JSONField):
    """JSON that a page of ours has written; nothing that was nested to exhaust a parser."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError("not a log") from error


class HeardForm(forms.Form):
    """Which parts of each side were heard, {"a": [[start_s, end_s], ...], "b": [...]}, and the changes between them,
    [[at_s, "a" or "b"], ...].
    """

    sides: ClassVar[tuple[str, ...]] = ("a", "b")

    segments = LogField()
    switches = LogField(required=False)

    def clean_segments(self) -> dict[str, list[tuple[float, float]]]:
        """Check the shape; what the times are worth is the ballot's business."""
        value: Any = self.cleaned_data["segments"]
        try:
            return {side: [(float(start), float(end)) for start, end in value[side]] for side in self.sides}
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise forms.ValidationError("not a log of segments") from error

    def clean_switches(self) -> list[tuple[float, str]]:
        """Check shape and length; a page without script sends none."""
        value: Any = self.cleaned_data["switches"] or []
        try:
            switches = [(float(at_s), side) for at_s, side in value]
        except (TypeError, ValueError, OverflowError) as error:
            raise forms.ValidationError("not a log of switches") from error
        if len(switches) > MAX_SWITCHES or any(side not in self.sides for _, side in switches):
            raise forms.ValidationError("not a log of switches")
        return switches


class VoteForm(HeardForm):
    """A judgement, with the last part of the log of what was heard."""

    choice = forms.ChoiceField(choices=[(c, c) for c in ("a", "b", "tie", "neither")])
    confidence = forms.IntegerField(min_value=0, max_value=100)


class AbxStartForm(forms.Form):
    """How long an ABX test is."""

    n_trials = forms.TypedChoiceField(
        label="Trials",
        coerce=int,
        choices=[(n, str(n)) for n in AbxTest.LENGTHS],
        initial=12,
        widget=forms.RadioSelect,
    )


class AbxAnswerForm(HeardForm):
    """Which side X is, with the whole log of the trial."""

    sides = ("a", "b", "x")

    answer = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])


class KnobField(forms.Field):
    """A parameter set by hand, in its own unit; cleaned to None where what was shown still stands."""

    def __init__(self, section: Section, knob: Knob) -> None:
        super().__init__(label=f"{knob.label} {knob.unit}".rstrip() + f" ({section.title})", required=False)
        self.knob = knob

    def clean(self, value: str | None) -> float | None:
        """Read a number as people write it; nothing is off. Raises ValidationError."""
        knob = self.knob
        sent = knob.value if value is None else value.strip()
        if sent == knob.value:
            return None
        wanted = f"Write {knob.low:g} to {knob.high:g} {knob.unit}".rstrip()
        wanted += ", or nothing for off." if knob.has_off else "."
        if not sent and not knob.has_off:
            raise forms.ValidationError(f"This cannot be off. {wanted}")
        try:
            number = float(sent.replace(",", ".")) if sent else off(knob.path)
        except ValueError as error:
            raise forms.ValidationError(f"This is no number. {wanted}") from error
        if not (off(knob.path) if knob.has_off else knob.low) <= number <= knob.high:
            raise forms.ValidationError(f"This is out of range. {wanted}")
        return number


class NudgeForm(forms.Form):
    """What an owner wants of a finished mix: words and strength in percent, locks, and values by hand."""

    brightness = forms.IntegerField(min_value=-100, max_value=100)
    loudness = forms.IntegerField(min_value=-100, max_value=100)
    width = forms.IntegerField(min_value=-100, max_value=100)
    punch = forms.IntegerField(min_value=-100, max_value=100)
    strength = forms.IntegerField(min_value=0, max_value=150)
    reference = forms.FileField(
        label="Reference",
        required=False,
        error_messages={
            "empty": "The file is empty. Choose another one.",
            "max_length": "The file's name is too long. Shorten it and send it again.",
        },
        max_length=255,
    )
    locks = forms.MultipleChoiceField(choices=[(group, group) for group in GROUPS], required=False)

    def __init__(self, *args: Any, sections: Sequence[Section] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= {knob.path: KnobField(section, knob) for section in sections for knob in section.knobs}

    def nudge(self, before: Nudge) -> Nudge:
        """The nudge of a valid form.

        Args:
            before: where the controls stood; what was set by hand then stays.
        """
        knobs = [name for name, field in self.fields.items() if isinstance(field, KnobField)]
        by_hand = {path: self.cleaned_data[path] for path in knobs if self.cleaned_data[path] is not None}
        percent = {name: self.cleaned_data[name] / 100.0 for name in ("brightness", "loudness", "width", "punch")}
        return Nudge(
            **percent,
            strength=self.cleaned_data["strength"] / 100.0,
            locks=tuple(self.cleaned_data["locks"]),
            values={**before.values, **by_hand},
        )

    def faults(self) -> str:
        """All that is wrong, each with the name that its field has on the page."""
        return " ".join(f"{self[name].label}: {' '.join(map(str, said))}" for name, said in self.errors.items())


class ExportForm(forms.Form):
    """A file format."""

    format = forms.ChoiceField(choices=Export.Format.choices)
