"""What strangers see of what is shared with them."""
