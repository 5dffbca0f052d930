"""The mixing engine: audio, console, mixers, training and breeding in plain Python, without Django."""
