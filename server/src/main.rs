//! The `tidemill` binary: puts server and terminal front end together.

fn main() {}
