//! `diff`: what `apply` would change.

use std::path::PathBuf;

use clap::Args;
use similar::TextDiff;

use super::output::{Paint, Tone, plain_text};
use super::session::Session;
use super::{Error, Exit, source};

/// Show how files differ from the newest versions on the server
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no difference, 1 a difference, 2 or more an error.\n\nExamples:\n  tidemill diff -f order-intake.yaml\n  \
                        tidemill diff -f workflows/ || echo differs"
)]
pub struct Diff {
    /// File or directory to read; `-` is stdin
    #[arg(short, long = "file", required = true, value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
}

impl Diff {
    /// Prints a unified diff per file that differs, and how to apply exactly that.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        self.compare(session).await.or_else(|error| {
            // 1 says "they differ", so an error must be something else.
            let exit = Some(error.exit()).filter(|exit| *exit != Exit::Failure).unwrap_or(Exit::Usage);
            session.printer.error(&error);
            Ok(exit)
        })
    }

    async fn compare(&self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let mut exit = Exit::Ok;
        for file in source::read_all(&self.file)? {
            let id = file.workflow_id()?;
            let (label, present) = match client.workflow(&id).await {
                Ok(workflow) => (format!("{id}@{}", workflow.workflow.version), workflow.source),
                Err(error) if error.status() == Some(404) => (format!("{id} (not on the server)"), String::new()),
                Err(error) => return Err(error.into()),
            };
            if present == file.text {
                continue;
            }
            exit = Exit::Failure;
            let names = (label.as_str(), &*file.path.to_string_lossy());
            session.printer.write(&unified(&present, &file.text, names, session.printer.paint))?;
            if let Some((_, version)) = label.split_once('@') {
                session.printer.note(&format!("tidemill apply -f {} --if-version {version}", file.path.display()));
            }
        }
        Ok(exit)
    }
}

fn unified(old: &str, new: &str, names: (&str, &str), paint: Paint) -> String {
    let diff = TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(3).header(names.0, names.1).to_string();
    let colored = |line: &str| {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            Some(b'@') => Tone::Live,
            _ => Tone::Plain,
        };
        paint.paint(tone, &plain_text(line)) + "\n"
    };
    text.lines().map(colored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_in_its_lines() {
        let text = unified("id: a\nmax: 3\n", "id: a\nmax: 6\n", ("a@1", "a.yaml"), Paint(false));
        assert_eq!(text, "--- a@1\n+++ a.yaml\n@@ -1,2 +1,2 @@\n id: a\n-max: 3\n+max: 6\n");
        assert_eq!(unified("a\n", "a\n", ("x", "y"), Paint(false)), "");
    }
}
