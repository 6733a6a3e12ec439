"""An image as a disk: from a registry or a Docker daemon into one read-only file, without root rights."""
