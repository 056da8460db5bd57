//! Python steps. Most of it is `harness.py`, which is constant: user code and input come to it as data.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyDict, PyModule, PyString, PyTuple};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Failure, Job};

use super::log::Log;
use super::outcome::{Outcome, out_of_memory};

/// Runs steps. The only Python source in this program.
const HARNESS: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(concat!(include_str!("harness.py"), "\0").as_bytes())
{
    Ok(source) => source,
    Err(_) => c"",
};

/// The warm interpreter.
pub(in crate::step_host) struct Interpreter {
    harness: Py<PyModule>,
    language_layer: bool,
}

impl Interpreter {
    /// Imports what steps may import. Must happen while there still is a file system.
    pub(in crate::step_host) fn warm(py: Python<'_>, language_layer: bool) -> PyResult<Self> {
        let harness = PyModule::from_code(py, HARNESS, c"tidemill/harness.py", c"_tidemill")?;
        harness.call_method1("warm", (language_layer,))?;
        Ok(Self { harness: harness.unbind(), language_layer })
    }

    /// Keeps what is warm out of the garbage collector, so that children share it with the step host.
    pub(in crate::step_host) fn freeze(&self, py: Python<'_>) -> PyResult<()> {
        self.harness.bind(py).call_method0("freeze").map(drop)
    }

    /// Whether `open`, `eval` and imports are refused by name.
    pub(in crate::step_host) fn language_layer(&self) -> bool {
        self.language_layer
    }

    /// Runs, or only compiles, the code of `job`.
    pub(in crate::step_host) fn run(&self, py: Python<'_>, job: &Job, input: &[u8], log: &Arc<Mutex<Log>>) -> Outcome {
        self.call(py, job, input, log).unwrap_or_else(|error| {
            if error.is_instance_of::<pyo3::exceptions::PyMemoryError>(py) {
                return Err(out_of_memory());
            }
            Err(Failure::new(FailureClass::CodeError, format!("the step made the interpreter fail: {error}")))
        })
    }

    fn call(&self, py: Python<'_>, job: &Job, input: &[u8], log: &Arc<Mutex<Log>>) -> PyResult<Outcome> {
        let harness = self.harness.bind(py);
        let code = PyString::new(py, &job.code);
        if job.check_only {
            return outcome(&harness.call_method1("check", (code,))?);
        }
        let log = Arc::clone(log);
        let write =
            PyCFunction::new_closure(py, None, None, move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                let text = arguments.get_item(0)?;
                let text = text.cast::<PyString>()?.to_string_lossy();
                log.lock().unwrap_or_else(PoisonError::into_inner).push(&text);
                PyResult::Ok(())
            })?;
        outcome(&harness.call_method1("run", (code, PyBytes::new(py, input), write))?)
    }
}

/// What the harness returns: `(class or None, text, line, column)`.
fn outcome(answer: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let (class, text, line, column): (Option<String>, Bound<'_, PyAny>, Option<u32>, Option<u32>) = answer.extract()?;
    let Some(class) = class else {
        return Ok(Ok(text.cast::<PyBytes>()?.as_bytes().to_vec()));
    };
    let class = match class.as_str() {
        "out_of_memory" => return Ok(Err(out_of_memory())),
        "sandbox_denied" => FailureClass::SandboxDenied,
        _ => FailureClass::CodeError,
    };
    let message = text.cast::<PyString>()?.to_string_lossy().into_owned();
    Ok(Err(Failure { class, message, line, column }))
}
