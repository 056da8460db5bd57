//! Durations as the file writes them: `500ms`, `30s`, `5m`, `2h`, `1d`, and sums such as `1h30m`.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong(text));
    }
    let mut milliseconds: u64 = 0;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let letters = rest[digits..].len() - rest[digits..].trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let amount: u64 = rest[..digits].parse().map_err(|_| wrong(text))?;
        let unit = unit(&rest[digits..digits + letters]).filter(|unit| *unit < smallest).ok_or_else(|| wrong(text))?;
        milliseconds = amount.checked_mul(unit).and_then(|part| milliseconds.checked_add(part)).ok_or_else(|| wrong(text))?;
        smallest = unit;
        rest = &rest[digits + letters..];
    }
    Ok(Duration::from_millis(milliseconds))
}

/// Writes a duration in the largest unit that divides it.
pub fn write(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")]
        .into_iter()
        .find(|(unit, _)| milliseconds > 0 && milliseconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{milliseconds}ms"), |(unit, word)| format!("{}{word}", milliseconds / unit))
}

/// The milliseconds of a unit.
fn unit(word: &str) -> Option<u64> {
    match word {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    }
}

fn wrong(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("`{shown}` is not a duration; write a whole number and a unit, as in 500ms, 30s, 5m, 2h, 1d or 1h30m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_sums() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("1s", 1_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            (" 0s ", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_an_example() {
        for text in [
            "",
            " ",
            "5",
            "s",
            "-1s",
            "1.5h",
            "1 h",
            "30m1h",
            "1s1s",
            "1w",
            "99999999999999999999s",
            "18446744073709551615d",
            "١s",
        ] {
            assert!(parse(text).is_err_and(|message| message.contains("1h30m")), "{text}");
        }
    }
}
