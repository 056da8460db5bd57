//! What a statement may do.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Functions that load code, hand out pointers, or show how `SQLite` was built.
const REFUSED_FUNCTIONS: [&str; 6] =
    ["load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_compileoption_get"];

/// Refuses whatever reaches out of the database, and leaves in `denied` what it was.
pub(super) fn authorizer(
    denied: Arc<Mutex<Option<String>>>,
) -> impl for<'c> FnMut(AuthContext<'c>) -> Authorization + Send + 'static {
    move |context| match refused(&context.action) {
        None => Authorization::Allow,
        Some(what) => {
            let message = format!("{what} is not allowed in a code step: it has the tables of its input and nothing else");
            *denied.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
            Authorization::Deny
        }
    }
}

fn refused(action: &AuthAction<'_>) -> Option<String> {
    match action {
        AuthAction::Attach { .. } => Some("ATTACH".to_owned()),
        AuthAction::Detach { .. } => Some("DETACH".to_owned()),
        AuthAction::Pragma { pragma_name, .. } => Some(format!("PRAGMA {pragma_name}")),
        AuthAction::CreateVtable { .. } | AuthAction::DropVtable { .. } => Some("a virtual table".to_owned()),
        AuthAction::Function { function_name } => {
            let refused = REFUSED_FUNCTIONS.iter().any(|name| function_name.eq_ignore_ascii_case(name));
            refused.then(|| format!("{function_name}()"))
        }
        AuthAction::Unknown { .. } => Some("this statement".to_owned()),
        _ => None,
    }
}
