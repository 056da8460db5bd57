//! The terminal's clipboard, over OSC 52: it reaches the user's own machine through any number of SSH hops.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Terminals drop longer sequences without a word.
const MOST: usize = 74_994;

/// The bytes that put `text` on the clipboard; through tmux they are wrapped.
///
/// # Errors
///
/// Says what to do instead when `text` is too long.
pub fn osc52(text: &str, tmux: bool) -> Result<String, String> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > MOST {
        let size = text.len() / 1024;
        return Err(format!("{size} KiB are too much for a terminal's clipboard: yc copies the command that prints it"));
    }
    let sequence = format!("\x1b]52;c;{encoded}\x07");
    Ok(if tmux { format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")) } else { sequence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_exact() {
        assert_eq!(osc52("hello", false).unwrap(), "\x1b]52;c;aGVsbG8=\x07");
        assert_eq!(osc52("hello", true).unwrap(), "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\");
    }

    #[test]
    fn what_terminals_would_drop_is_refused() {
        assert!(osc52(&"x".repeat(56_000), false).is_ok());
        assert!(osc52(&"x".repeat(57_000), false).unwrap_err().contains("yc"));
    }
}
