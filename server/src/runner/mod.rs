//! Does the work of one step. Never sees the store.
