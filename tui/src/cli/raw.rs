//! `api`: any request, for what has no command of its own.

use std::fs;
use std::io::{self, Read as _};

use clap::Args;
use reqwest::Method;

use super::session::Session;
use super::{Error, Exit};

/// Send any API request and print the answer
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill api /api/user\n  tidemill api POST /api/workspaces --input '{\"slug\": \"acme\"}'\n  tidemill api PUT \
                        /api/workflows/a --input @a.yaml --content-type application/yaml"
)]
pub struct Api {
    /// METHOD and PATH, or PATH alone for GET
    #[arg(num_args = 1..=2, required = true, value_name = "METHOD] [PATH")]
    request: Vec<String>,
    /// The body: text, @FILE, or - for stdin
    #[arg(short, long, value_name = "TEXT|@FILE|-")]
    input: Option<String>,
    /// The body's media type
    #[arg(long, default_value = "application/json", value_name = "TYPE")]
    content_type: String,
}

impl Api {
    /// Sends the request; the answer goes to stdout as it came.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (method, path) = match self.request.as_slice() {
            [path] => ("GET", path),
            [method, path] => (method.as_str(), path),
            _ => return Err(Error::Usage("give METHOD and PATH".to_owned())),
        };
        let unknown = |_| Error::Usage(format!("`{method}` is not an HTTP method"));
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(unknown)?;
        if !path.starts_with('/') {
            return Err(Error::Usage(format!("the path begins with a slash: /{path}")));
        }
        let body = self.input.as_deref().map(read_body).transpose()?.map(|bytes| (bytes, self.content_type.as_str()));
        let answer = session.client()?.raw(method, path, body).await?;
        session.printer.write_bytes(&answer.body)?;
        if !answer.body.is_empty() && !answer.body.ends_with(b"\n") {
            session.printer.write("\n")?;
        }
        Ok(Exit::Ok)
    }
}

fn read_body(text: &str) -> Result<Vec<u8>, Error> {
    if text == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    match text.strip_prefix('@') {
        Some(path) => fs::read(path).map_err(|source| Error::File { path: path.into(), source }),
        None => Ok(text.as_bytes().to_vec()),
    }
}
