"""The genres a song can be filed under, as slug and label."""

GENRES: dict[str, str] = {
    "pop": "Pop",
    "rock": "Rock",
    "metal": "Metal",
    "electronic": "Electronic",
    "hip-hop": "Hip-hop",
    "folk": "Folk and acoustic",
    "blues": "Blues",
    "jazz": "Jazz",
    "orchestral": "Orchestral and film",
    "ambient": "Ambient",
    "world": "World",
    "experimental": "Experimental",
}
