"""Pictures of a surface: z-buffer, light, the wall behind, and what a recording does to them."""
