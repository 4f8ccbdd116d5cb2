"""Files, processes, memory and progress: services of the machine."""
