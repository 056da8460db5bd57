//! Exit codes: part of the command line's contract, so the numbers never change.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It worked.
    Ok,
    /// It failed, or `diff` found a difference.
    Failure,
    /// The command line is wrong.
    Usage,
    /// Nothing changed, and `--error-unchanged` was given.
    Unchanged,
    /// No valid token.
    Unauthenticated,
    /// No such thing.
    NotFound,
    /// The present state doesn't allow it, or someone else was faster.
    Conflict,
    /// A quota or a limit of the plan.
    Quota,
    /// Still pending when `--wait` was over.
    Pending,
    /// The execution failed.
    ExecutionFailed,
    /// The execution was cancelled.
    ExecutionCancelled,
    /// The server can't be reached, or has no room, after several tries; or it has no sandbox for code.
    Unreachable,
    /// The token may not do this.
    Forbidden,
    /// Some of several things failed.
    Partial,
    /// `--timeout` was over.
    Timeout,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Every code with what it means, for the help topic.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Ok, "it worked"),
        (Self::Failure, "it failed; `diff`: the files differ"),
        (Self::Usage, "the command line is wrong; `diff`: an error"),
        (Self::Unchanged, "nothing changed (only with --error-unchanged)"),
        (Self::Unauthenticated, "no valid token: log in"),
        (Self::NotFound, "no such thing, or it belongs to someone else"),
        (Self::Conflict, "the present state or version doesn't allow it"),
        (Self::Quota, "a quota or a limit of the plan"),
        (Self::Pending, "the execution had not ended when --wait was over"),
        (Self::ExecutionFailed, "the execution failed; `code run`: the code failed"),
        (Self::ExecutionCancelled, "the execution was cancelled"),
        (Self::Unreachable, "the server can't be reached, has no room, or no sandbox for code"),
        (Self::Forbidden, "the token may not do this"),
        (Self::Partial, "some of several things failed"),
        (Self::Timeout, "--timeout was over"),
        (Self::Interrupted, "interrupted; an execution goes on by itself"),
    ];

    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Unchanged => 3,
            Self::Unauthenticated => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Quota => 7,
            Self::Pending => 8,
            Self::ExecutionFailed => 9,
            Self::ExecutionCancelled => 10,
            Self::Unreachable => 11,
            Self::Forbidden => 12,
            Self::Partial => 13,
            Self::Timeout => 124,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
