"""Songs whose stems are known: rendered from MIDI files and tracker modules, or recorded, at their authors' balance."""
