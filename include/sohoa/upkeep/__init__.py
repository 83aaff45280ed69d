"""What lies in the store that nobody needs, and how it is taken away without ever taking what somebody needs."""
