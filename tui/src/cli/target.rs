//! Which server a command talks to: flag before environment before context.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Error;
use super::config::{Config, Context};
use super::environment::Environment;
use super::globals::Globals;
use crate::client::ClientConfig;

/// What a running server writes into its data directory for clients on the same machine.
#[derive(Deserialize)]
struct ServerFile {
    url: String,
}

/// One layer's way to name a server.
enum Named<'a> {
    Server(&'a str),
    DataDir(&'a Path),
    Context(&'a str),
}

/// Decides server, token and workspace. A stored token is only ever sent to the server that it is for.
pub fn resolve(globals: &Globals, environment: &Environment, config: &Config) -> Result<ClientConfig, Error> {
    let (_, context) = chosen(globals, environment, config)?;
    let given = match &globals.token_file {
        Some(path) => Some(read_trimmed(path)?),
        None => environment.token.clone(),
    };
    let token = given.or(context.token).ok_or(Error::NotLoggedIn)?;
    let workspace = globals.workspace.clone().or_else(|| environment.workspace.clone()).or(context.workspace);
    let ca = globals.ca.clone().or_else(|| environment.ca.clone()).or(context.ca);
    Ok(ClientConfig { server: context.server, token, workspace, ca })
}

/// The context that a command acts on, with its name if it is a stored one.
pub fn chosen(globals: &Globals, environment: &Environment, config: &Config) -> Result<(Option<String>, Context), Error> {
    let flags = named(globals.server.as_deref(), globals.data_dir.as_deref(), globals.context.as_deref());
    let variables = named(environment.server.as_deref(), environment.data_dir.as_deref(), environment.context.as_deref());
    let stored = config.current.as_deref().map(Named::Context);
    Ok(match flags.or(variables).or(stored).ok_or(Error::NotLoggedIn)? {
        Named::Server(server) => stored_for(config, server),
        Named::DataDir(dir) => (None, read_data_dir(dir)?),
        Named::Context(name) => (Some(name.to_owned()), config.context(name)?.clone()),
    })
}

fn named<'a>(server: Option<&'a str>, data_dir: Option<&'a Path>, context: Option<&'a str>) -> Option<Named<'a>> {
    server.map(Named::Server).or(data_dir.map(Named::DataDir)).or(context.map(Named::Context))
}

/// The stored context for exactly this server, else one without a token.
fn stored_for(config: &Config, server: &str) -> (Option<String>, Context) {
    let same = |known: &Context| known.server.trim_end_matches('/') == server.trim_end_matches('/');
    let found = config.contexts.iter().find(|(_, known)| same(known));
    let bare = || Context { server: server.to_owned(), ..Context::default() };
    found.map_or_else(|| (None, bare()), |(name, known)| (Some(name.clone()), known.clone()))
}

/// Address and first token of the server whose data directory is `dir`.
pub fn read_data_dir(dir: &Path) -> Result<Context, Error> {
    let path = dir.join("server.json");
    let text = read_trimmed(&path)?;
    let file: ServerFile = serde_json::from_str(&text).map_err(|error| Error::Content { path, reason: error.to_string() })?;
    let token = read_trimmed(&dir.join("admin-token"))?;
    Ok(Context { server: file.url, token: Some(token), ..Context::default() })
}

fn read_trimmed(path: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let context = |server: &str, token: &str| Context {
            server: server.into(),
            token: Some(token.into()),
            workspace: Some(format!("ws-{token}")),
            ..Context::default()
        };
        let contexts = [("a".to_owned(), context("http://a/", "ta")), ("b".to_owned(), context("http://b", "tb"))];
        Config { current: Some("a".into()), contexts: contexts.into(), ..Config::default() }
    }

    fn resolved(globals: &Globals, environment: &Environment) -> (String, String, Option<String>) {
        let target = resolve(globals, environment, &config()).unwrap();
        (target.server, target.token, target.workspace)
    }

    #[test]
    fn flag_beats_environment_beats_context() {
        let none = (Globals::default(), Environment::default());
        assert_eq!(resolved(&none.0, &none.1), ("http://a/".into(), "ta".into(), Some("ws-ta".into())));
        let environment = Environment { context: Some("b".into()), workspace: Some("e".into()), ..Environment::default() };
        assert_eq!(resolved(&none.0, &environment), ("http://b".into(), "tb".into(), Some("e".into())));
        let flags = Globals { context: Some("a".into()), workspace: Some("f".into()), ..Globals::default() };
        assert_eq!(resolved(&flags, &environment), ("http://a/".into(), "ta".into(), Some("f".into())));
        let environment = Environment { server: Some("http://e".into()), token: Some("te".into()), ..Environment::default() };
        assert_eq!(resolved(&flags, &environment).0, "http://a/", "a flag of any kind beats a variable of any kind");
    }

    #[test]
    fn a_stored_token_goes_to_its_own_server_only() {
        let flags = |server: &str| Globals { server: Some(server.into()), ..Globals::default() };
        assert_eq!(resolved(&flags("http://a"), &Environment::default()).1, "ta");
        let other = resolve(&flags("http://evil"), &Environment::default(), &config());
        assert!(matches!(other, Err(Error::NotLoggedIn)));
    }

    #[test]
    fn a_data_directory_gives_address_and_token() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("server.json"), r#"{"url":"http://127.0.0.1:7700","pid":1}"#).unwrap();
        fs::write(dir.path().join("admin-token"), "tm_admin\n").unwrap();
        let flags = Globals { data_dir: Some(dir.path().into()), ..Globals::default() };
        assert_eq!(resolved(&flags, &Environment::default()), ("http://127.0.0.1:7700".into(), "tm_admin".into(), None));
    }

    #[test]
    fn a_missing_data_directory_is_named() {
        let flags = Globals { data_dir: Some("/nonexistent".into()), ..Globals::default() };
        let error = resolve(&flags, &Environment::default(), &config()).err().unwrap();
        assert!(error.to_string().starts_with("/nonexistent/server.json"));
    }

    #[test]
    fn without_anything_we_say_so() {
        let empty = resolve(&Globals::default(), &Environment::default(), &Config::default());
        assert!(matches!(empty, Err(Error::NotLoggedIn)));
    }
}
