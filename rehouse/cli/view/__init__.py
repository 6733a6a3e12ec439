"""What people and machines see of it."""
