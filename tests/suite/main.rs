//! One binary for all tests that cross rooms.
