//! Hostile and ordinary expressions.
