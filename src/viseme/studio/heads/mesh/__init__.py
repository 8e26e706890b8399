"""The parts of the mesh head: its data, shape, motion, eyes, hair and colours."""
