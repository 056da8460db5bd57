//! Keeps a session in a file, so that the screen of a connection that broke is there again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::state::session::Session;

/// The sessions of this many servers are kept.
const MOST: usize = 50;

/// The sessions by server and workspace.
type Sessions = BTreeMap<String, Session>;

/// The session that was kept for `place`. A file that is missing or not understood keeps none.
pub fn load(path: &Path, place: &str) -> Option<Session> {
    read(path).remove(place)
}

fn read(path: &Path) -> Sessions {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Keeps `session` for `place`: whole or not at all.
pub fn save(path: &Path, place: &str, session: Session) -> io::Result<()> {
    let mut sessions = read(path);
    if sessions.len() >= MOST && !sessions.contains_key(place) {
        sessions.pop_first();
    }
    sessions.insert(place.to_owned(), session);
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(serde_json::to_string(&sessions)?.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::session::Saved;

    #[test]
    fn a_session_is_kept_per_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/session.json");
        assert_eq!(load(&path, "a"), None);
        let session =
            |screen: &str| Session { screens: vec![Saved { screen: screen.into(), ..Saved::default() }], views: Vec::new() };
        save(&path, "a", session("executions")).unwrap();
        save(&path, "b", session("tokens")).unwrap();
        assert_eq!((load(&path, "a"), load(&path, "b")), (Some(session("executions")), Some(session("tokens"))));
        fs::write(&path, "not json").unwrap();
        assert_eq!(load(&path, "a"), None);
    }
}
