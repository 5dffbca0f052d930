"""What files are called that leave the arena: by song, mixer, version and depth, so that none overwrites another."""

from __future__ import annotations

from django.utils.text import slugify

from tournaments.models import Export, Mix

# Content type, and how the name ends.
_ENDINGS = {
    Export.Format.WAV: ("audio/wav", "-24bit.wav"),
    Export.Format.WAV16: ("audio/wav", "-16bit.wav"),
    Export.Format.WAV32: ("audio/wav", "-32bit-float.wav"),
    Export.Format.FLAC: ("audio/flac", ".flac"),
    Export.Format.MP3: ("audio/mpeg", ".mp3"),
    Export.Format.OPUS: ("audio/ogg", ".opus"),
    Export.Format.STEMS: ("application/zip", "-stems.zip"),
    Export.Format.REAPER: ("application/zip", "-reaper.zip"),
}


def file_name(mix: Mix) -> str:
    """The name of what is made of a mix, without an ending; versions of one's own are numbered from 1."""
    name = f"{slugify(mix.song.title) or 'song'}-{slugify(mix.mixer.nickname) or mix.mixer.slug}"
    if mix.nudged_from_id is None:
        return name
    return f"{name}-version-{Mix.objects.filter(nudged_from=mix.nudged_from_id, pk__lte=mix.pk).count()}"


def download_of(export: Export) -> tuple[str, str]:
    """Content type and file name."""
    content_type, ending = _ENDINGS[Export.Format(export.format)]
    return content_type, f"{file_name(export.mix)}{ending}"
