"""Pictures for sharing, drawn by Pillow alone in the site's dark look. The same words give the same bytes."""

from social.pictures.cards import battle_picture, mix_picture, tournament_picture
from social.pictures.frames import Picture, clip_frames

__all__ = ["Picture", "battle_picture", "clip_frames", "mix_picture", "tournament_picture"]
