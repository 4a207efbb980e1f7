"""Pictures of faces, drawn with numpy: what a style looks like, without any host."""
