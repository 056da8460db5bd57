//! Whether an arrival starts an execution: duplicates, limits, room.
