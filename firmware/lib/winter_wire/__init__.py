"""The contract on the bus: topics, fields, codec. Board and host import these same files."""
