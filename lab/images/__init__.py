"""Images made from files, and the registry's storage made from images: no daemon needed."""
