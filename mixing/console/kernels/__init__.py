"""Compiled loops over samples, one processor a module.

All of them work on one channel, take their state and leave it behind for the next block, write in place or into an
output that is given, and allocate nothing. They release the interpreter lock, so that channels run in parallel.
"""
