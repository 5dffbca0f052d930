"""Blending strategies: ways to make one set of weights out of several."""
