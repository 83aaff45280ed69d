"""Measuring untrusted files in processes of their own, within bounds of size, time and memory."""
