//! The user's own editor: `TIDEMILL_EDITOR`, `VISUAL`, `EDITOR`, else `vi`.

use std::io::Write as _;
use std::process::Command;

use super::environment;

/// Lets the user edit `text` in a file whose name ends in `suffix`; gives what is in the file afterwards.
///
/// # Errors
///
/// Says why there is nothing to take over: no editor, one that failed, a file that is gone.
pub fn edit(text: &str, suffix: &str) -> Result<String, String> {
    let command = command(environment::variable);
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
    // Only its owner can read it: an input may hold what is nobody else's business.
    let mut file = tempfile::Builder::new()
        .prefix("tidemill-")
        .suffix(suffix)
        .tempfile()
        .map_err(|error| failed("no file to edit can be made", &error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed("the file to edit can't be written", &error))?;
    let (program, arguments) = command.split_first().ok_or_else(|| "no editor is set".to_owned())?;
    let status = Command::new(program)
        .args(arguments)
        .arg(file.path())
        .status()
        .map_err(|error| failed(&format!("the editor `{program}` can't be started (set EDITOR)"), &error))?;
    if !status.success() {
        return Err(format!("the editor `{program}` ended with {status}: nothing was taken over"));
    }
    std::fs::read_to_string(file.path()).map_err(|error| failed("the edited file can't be read", &error))
}

/// The editor and its arguments, as the environment names them.
fn command(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let named = ["TIDEMILL_EDITOR", "VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
    named.unwrap_or_else(|| "vi".into()).split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_variable_wins_and_may_have_arguments() {
        let of = |pairs: &[(&str, &str)]| {
            command(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("EDITOR", "nano"), ("VISUAL", "code -w")]), ["code", "-w"]);
        assert_eq!(of(&[("EDITOR", "nano"), ("VISUAL", " ")]), ["nano"]);
        assert_eq!(of(&[]), ["vi"]);
    }
}
