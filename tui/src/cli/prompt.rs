//! Questions to a person at a terminal, and values from stdin.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::Error;

/// Asks whether to go on; without a terminal only `--yes` can say so.
pub fn confirm(question: &str, yes: bool) -> Result<bool, Error> {
    if yes {
        return Ok(true);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Error::Usage(format!("{question} Nobody is here to ask: add --yes")));
    }
    ask(&format!("{question} [y/N] "))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Asks for the name of a protected context; without a terminal only `--yes` together with `--context` can say so.
pub fn confirm_name(question: &str, context: &str) -> Result<bool, Error> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let how = format!("the context {context} is protected: add --yes and --context {context}");
        return Err(Error::Usage(format!("{question} Nobody is here to ask: {how}")));
    }
    ask(&format!("{question} The context is protected. Type its name, {context}, to go on: "))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == context)
}

/// Reads a secret value: typed without echo at a terminal, else all of stdin without the newline at its end.
pub fn secret(name: &str) -> Result<String, Error> {
    let value = if io::stdin().is_terminal() { typed(name)? } else { piped()? };
    if value.is_empty() {
        return Err(Error::Usage(format!("{name} is empty; give it on stdin")));
    }
    Ok(value)
}

fn piped() -> Result<String, Error> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn typed(name: &str) -> Result<String, Error> {
    ask(&format!("{name} (not shown): "))?;
    enable_raw_mode()?;
    let typed = read_hidden();
    disable_raw_mode()?;
    ask("\n")?;
    typed
}

fn read_hidden() -> Result<String, Error> {
    let mut value = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(io::Error::from(io::ErrorKind::Interrupted).into());
            }
            KeyCode::Char(letter) => value.push(letter),
            KeyCode::Backspace => drop(value.pop()),
            KeyCode::Enter => return Ok(value),
            _ => {}
        }
    }
}

fn ask(text: &str) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(text.as_bytes())?;
    stderr.flush()
}
