"""The operations by subject: form, access, one service or selector, answer."""
