"""Pages for whoever has a link, and those where owners give links out."""
