"""The live view: the site in a terminal, and the same as plain lines."""
