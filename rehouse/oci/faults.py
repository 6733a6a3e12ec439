"""What can be wrong with an image, before it is known which image it was."""


class Malformed(Exception):
    """The image breaks the rules for images: whoever made it has to make it again."""


class Unfaithful(Exception):
    """Whoever has the image gave other bytes than were asked for, or fewer."""
