"""The page: one-line diagram, live stream and commands of a running site over HTTP. The one importer of FastAPI."""
