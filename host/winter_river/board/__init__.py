"""Real boards: what they are, what goes on them, and how it gets there (esptool, mpremote)."""
