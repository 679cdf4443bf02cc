"""What umqtt imports by its older name; the node never uses it."""
