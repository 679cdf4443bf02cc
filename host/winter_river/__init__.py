"""Winter River: a power site you can hold, break and learn from."""
