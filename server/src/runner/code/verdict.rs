//! Why a child that gave no answer has ended.

use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::EXIT_NOT_LOCKED;

use super::engine::Engine;

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// Nobody knows: the step host is gone too.
    Lost,
}

const SIGILL: i32 = 4;
const SIGTRAP: i32 = 5;
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
const SIGXCPU: i32 = 24;
const SIGSYS: i32 = 31;

/// The error of a step whose child ended so, without an answer and without our ending it.
pub(super) fn verdict(engine: Engine, exit: Exit) -> StepError {
    let (class, message) = match exit {
        Exit::Code(EXIT_NOT_LOCKED) => (
            FailureClass::SandboxUnavailable,
            "the step could not be locked up, so it was not started; see the server's log".to_owned(),
        ),
        Exit::Signal(SIGSYS) => {
            (FailureClass::SandboxDenied, "the step made a system call that no computation makes".to_owned())
        }
        Exit::Signal(SIGKILL) => {
            (FailureClass::OutOfMemory, "the kernel ended the step, most likely for want of memory".to_owned())
        }
        Exit::Signal(SIGXCPU) => (FailureClass::Timeout, "the step used more processor time than it may".to_owned()),
        // Node.js ends itself so when its heap is full; a fault instead of an abort, since signals to itself are refused.
        Exit::Signal(SIGILL | SIGTRAP | SIGABRT | SIGSEGV) if engine == Engine::Node => {
            (FailureClass::OutOfMemory, "Node.js gave up, most likely for want of memory".to_owned())
        }
        Exit::Signal(SIGABRT) => (
            FailureClass::CodeError,
            "the step made the interpreter give up (signal 6), most likely for want of memory".to_owned(),
        ),
        Exit::Signal(signal) => {
            let hint = if signal == SIGSEGV { ", as a recursion without end does" } else { "" };
            (FailureClass::CodeError, format!("the step crashed the interpreter (signal {signal}){hint}"))
        }
        Exit::Code(code) => {
            (FailureClass::CodeError, format!("the step ended the interpreter (exit code {code}) before it gave an output"))
        }
        Exit::Lost => (FailureClass::HostLost, "the process that ran the step was lost".to_owned()),
    };
    StepError::new(class, message)
}

#[cfg(test)]
mod tests {
    use tidemill_common::step_protocol::Language;

    use super::*;

    #[test]
    fn each_end_has_its_class() {
        for (exit, class) in [
            (Exit::Code(EXIT_NOT_LOCKED), FailureClass::SandboxUnavailable),
            (Exit::Code(0), FailureClass::CodeError),
            (Exit::Signal(31), FailureClass::SandboxDenied),
            (Exit::Signal(9), FailureClass::OutOfMemory),
            (Exit::Signal(24), FailureClass::Timeout),
            (Exit::Signal(11), FailureClass::CodeError),
            (Exit::Lost, FailureClass::HostLost),
        ] {
            assert_eq!(verdict(Engine::from(Language::Python), exit).class, class, "{exit:?}");
        }
        assert_eq!(verdict(Engine::Node, Exit::Signal(6)).class, FailureClass::OutOfMemory);
    }
}
