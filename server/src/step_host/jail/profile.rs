//! What a jail is built for.

/// What a jail is built for: the walls are the same, their gates are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::step_host) enum Profile {
    /// An interpreter that is in memory already: no file, no program, no thread.
    Inside,
    /// Node.js: a program that is started, reads its libraries and packages, and has threads. Without namespaces it would see
    /// every file of the machine, and so it has no level there.
    Node,
}
