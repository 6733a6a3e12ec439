"""The boot kit: the kernel and the first process of a guest that runs an image."""
