"""Looking inside a model: why this word?

`api` says what can be asked and `answers` runs it; the others each show one thing, and can be used from a script.
"""
