"""What is made for sharing."""
