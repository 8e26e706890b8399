"""Sound as samples: noises made and mixed in, levels measured."""
