"""The parts of the head that is drawn by formulas: its surface, skin, eyes, mouth and hair."""
