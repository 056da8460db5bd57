//! Starts `CPython` as an isolated interpreter: no environment, no user directories, no signal handlers, no `site`.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use pyo3::ffi;

/// Starts the interpreter in this thread, with the standard library in `given`, or its own. The error is what `CPython` says.
pub(in crate::step_host) fn start_python(given: Option<&Path>) -> Result<(), String> {
    let home = given.map(Path::to_owned).or_else(home).and_then(|home| CString::new(home.into_os_string().as_bytes()).ok());
    let mut config = std::mem::MaybeUninit::<ffi::PyConfig>::uninit();
    // SAFETY: called once, before any other call to CPython, from the only thread. The configuration is initialised by the
    // first call, changed as its interface asks, and cleared when it has been used. The texts outlive the calls.
    unsafe {
        ffi::PyConfig_InitIsolatedConfig(config.as_mut_ptr());
        let mut config = config.assume_init();
        config.site_import = 0;
        config.write_bytecode = 0;
        let mut status = match &home {
            Some(home) => {
                let field = &raw mut config.home;
                ffi::PyConfig_SetBytesString(&raw mut config, field, home.as_ptr())
            }
            None => ffi::PyStatus_Ok(),
        };
        if ffi::PyStatus_Exception(status) == 0 {
            status = ffi::Py_InitializeFromConfig(&raw const config);
        }
        ffi::PyConfig_Clear(&raw mut config);
        if ffi::PyStatus_Exception(status) != 0 {
            return Err(message(&status));
        }
        // Whoever wants the interpreter takes it with `Python::attach`.
        ffi::PyEval_SaveThread();
    }
    Ok(())
}

/// Where the standard library of this very `CPython` is: beside its code, however many others the machine has.
fn home() -> Option<PathBuf> {
    let mut found = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is that of a function, and the structure is read only when the call filled it.
    let file = unsafe {
        if libc::dladdr(ffi::Py_IsInitialized as *const libc::c_void, found.as_mut_ptr()) == 0 {
            return None;
        }
        let name = found.assume_init().dli_fname;
        if name.is_null() {
            return None;
        }
        CStr::from_ptr(name)
    };
    // A binary with CPython inside is named as it was started; the link says where it is.
    let file = Path::new(OsStr::from_bytes(file.to_bytes()));
    let file = file.canonicalize().or_else(|_| std::env::current_exe()).ok()?;
    // SAFETY: the version is a static text that ends with a zero byte.
    let version = unsafe { CStr::from_ptr(ffi::Py_GetVersion()) }.to_string_lossy().into_owned();
    let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let library = Path::new("lib").join(format!("python{minor}")).join("os.py");
    file.ancestors().skip(1).find(|place| place.join(&library).is_file()).map(Path::to_owned)
}

fn message(status: &ffi::PyStatus) -> String {
    if status.err_msg.is_null() {
        return "CPython gives no reason".to_owned();
    }
    // SAFETY: CPython's messages are static texts that end with a zero byte.
    unsafe { CStr::from_ptr(status.err_msg) }.to_string_lossy().into_owned()
}
