//! `dlq`: dead letters, which are executions that failed for good.

use clap::{Args, Subcommand, ValueEnum};
use tidemill_common::api::dead_letter::{DeadLetterDiscard, DeadLetterReplay, DeadLetterState};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;

use super::retry::From;
use super::session::Session;
use super::start::read_input;
use super::{Error, Exit, reference};
use crate::client::{Client, DeadLetterQuery};

/// Lists, replays and discards executions that failed for good
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill dlq replay 3f9c2b7a11d0e845 --canary 1 --rate 5")]
pub enum Dlq {
    /// List the causes of dead letters, the most frequent first
    #[command(visible_alias = "ls", after_help = "Example:\n  tidemill dlq list")]
    List,
    /// List the dead letters with one cause, or of one workflow
    Show(Show),
    /// Try dead letters again, each as a new execution
    Replay(Replay),
    /// Decide that nothing will be done about dead letters
    Drop(Discard),
}

/// List the dead letters with one cause, or of one workflow
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill dlq show 3f9c2b7a11d0e845\n  tidemill dlq show --workflow order-intake --state replayed"
)]
pub struct Show {
    /// Only those with this cause
    fingerprint: Option<String>,
    /// Only those of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum, default_value = "open")]
    state: StateWord,
}

/// A state of dead letters, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StateWord {
    /// Nobody has dealt with it
    Open,
    /// It waits for its turn, or for a canary
    Waiting,
    /// Another execution tries again
    Replayed,
    /// Nothing will be done
    Discarded,
}

/// Try dead letters again, each as a new execution
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill dlq replay 3f9c2b7a11d0e845 --canary 1 --rate 5\n  tidemill dlq replay 01990000-0000-7000-8000-000000000001 \
                        --from start"
)]
pub struct Replay {
    /// A cause's fingerprint, or executions
    #[arg(required = true, value_name = "FINGERPRINT|EXECUTION")]
    which: Vec<String>,
    /// Where each begins
    #[arg(long, value_enum, default_value = "failed")]
    from: From,
    /// Changes of each one's input: a JSON Merge Patch, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    patch: Option<String>,
    /// So many go first; the others follow when these succeeded
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    canary: u32,
    /// How many begin per second
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
}

/// Decide that nothing will be done about dead letters
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill dlq drop 3f9c2b7a11d0e845 --reason obsolete --yes")]
pub struct Discard {
    /// A cause's fingerprint, or executions
    #[arg(required = true, value_name = "FINGERPRINT|EXECUTION")]
    which: Vec<String>,
    /// Why; it is kept
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// What a command line names.
#[derive(Debug, PartialEq, Eq)]
enum Which {
    Cause(String),
    Executions(Vec<ExecutionId>),
}

impl Dlq {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::List => session.printer.list(&session.client()?.dead_letter_causes().await?.items)?,
            Self::Show(show) => show.run(session).await?,
            Self::Replay(replay) => replay.run(session).await?,
            Self::Drop(discard) => return discard.run(session).await,
        }
        Ok(Exit::Ok)
    }
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let state = match self.state {
            StateWord::Open => DeadLetterState::Open,
            StateWord::Waiting => DeadLetterState::Waiting,
            StateWord::Replayed => DeadLetterState::Replayed,
            StateWord::Discarded => DeadLetterState::Discarded,
        };
        let query = DeadLetterQuery { state, fingerprint: self.fingerprint, workflow: self.workflow, limit: Some(PAGE_ITEMS) };
        let page = session.client()?.dead_letters(&query).await?;
        if page.next_cursor.is_some() {
            session.printer.note(&format!("only the newest {PAGE_ITEMS} are shown"));
        }
        session.printer.list(&page.items)
    }
}

impl Replay {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let client = session.client()?;
        let (ids, fingerprint) = which(&client, &self.which).await?.parts();
        let (canary, rate) = (self.canary, Some(self.rate));
        let patch = self.patch.as_deref().map(read_input).transpose()?;
        let order = DeadLetterReplay { ids, fingerprint, from: self.from.into(), patch, canary, rate };
        let ordered = client.dead_letter_replay(&order).await?;
        let verbed = match ordered.canaries {
            0 => "will be replayed".to_owned(),
            canaries => format!("will be replayed when {canaries} of them succeeded"),
        };
        session.printer.change("dead-letters", &ordered.count.to_string(), &verbed, &ordered)
    }
}

impl Discard {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let (ids, fingerprint) = which(&client, &self.which).await?.parts();
        if !session.confirm(&format!("Discard {}? Nothing will be done about them.", self.which.join(", ")), self.yes)? {
            return Ok(Exit::Failure);
        }
        let discarded = client.dead_letter_discard(&DeadLetterDiscard { ids, fingerprint, reason: self.reason }).await?;
        session.printer.change("dead-letters", &discarded.count.to_string(), "discarded", &discarded)?;
        Ok(Exit::Ok)
    }
}

impl Which {
    fn parts(self) -> (Vec<ExecutionId>, Option<String>) {
        match self {
            Self::Cause(fingerprint) => (Vec::new(), Some(fingerprint)),
            Self::Executions(ids) => (ids, None),
        }
    }
}

/// One fingerprint, which is 16 digits long, or executions.
async fn which(client: &Client, words: &[String]) -> Result<Which, Error> {
    if let [word] = words
        && is_fingerprint(word)
    {
        return Ok(Which::Cause(word.clone()));
    }
    let mut ids = Vec::with_capacity(words.len());
    for word in words {
        ids.push(reference::execution(client, word).await?);
    }
    Ok(Which::Executions(ids))
}

fn is_fingerprint(word: &str) -> bool {
    word.len() == 16 && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_no_execution() {
        assert!(is_fingerprint("3f9c2b7a11d0e845"));
        for other in ["3f9c2b7a", "@failed", "01990000-0000-7000-8000-000000000001", "3F9C2B7A11D0E845"] {
            assert!(!is_fingerprint(other), "{other}");
        }
    }
}
