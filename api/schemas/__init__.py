"""What the API takes and gives, by subject. Units end the names, as everywhere."""
