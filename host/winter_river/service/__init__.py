"""The live run: bus, coordinator, loop, presence, broker and health."""
