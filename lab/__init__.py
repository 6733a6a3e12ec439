"""A whole estate on one machine, for the demo and the tests: daemons, a registry, images."""
