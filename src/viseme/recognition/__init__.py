"""Reading speech: encoder features to text, with times and confidence."""
