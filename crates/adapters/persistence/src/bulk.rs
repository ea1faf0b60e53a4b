//! Loads many rows at once.
