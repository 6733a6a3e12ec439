"""The nouns. Free of imports: a Pulumi program that needs one of them pays for one of them."""
