//! The full-screen TUI: pure state, update and view; effects outside.
