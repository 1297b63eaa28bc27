"""Models of other machines: servers of OpenAI's chat completions, as a second engine behind the same requests.

`endpoints` is what a person added, `engine` answers requests, `connection` is its one way out; nothing here knows Qt.
"""
