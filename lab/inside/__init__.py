"""What runs inside the lab's namespaces."""
