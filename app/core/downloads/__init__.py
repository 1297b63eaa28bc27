"""Models from a hub: searching it, fetching files so that a cut costs nothing, and the list of what is under way.

Nothing here runs before a person said yes: `app.controllers.downloads` asks.
"""
