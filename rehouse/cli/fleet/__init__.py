"""Many stacks of one project, deployed by one command."""
