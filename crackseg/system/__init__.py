"""Files, processes, memory, progress: what the machine gives."""
