"""A simulated arena: does evolution by votes find what listeners want, and would coin flips have found it too?"""
