//! Group commit: the only way in which an execution changes.
