"""An OpenAI-compatible server on the loopback address: other programs of a person use the model that is loaded.

`http` speaks HTTP, `gate` says who may come in, `turnstile` in which order, one module answers each path, and
`server` puts them together on a thread of its own. Knows no Qt, and the engine only by what `engine_link` asks of it.
"""

LOOPBACK = "127.0.0.1"
