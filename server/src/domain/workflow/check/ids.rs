//! Ids of workflows, triggers and steps, and durations.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::workflow::document::{Cursor, Fields, Found, Problems, shorten};
use crate::domain::workflow::duration;

/// Longest id, in characters.
const LONGEST: usize = 63;

/// The field `id` of `owner`: `^[a-z][a-z0-9_-]{0,62}$`.
pub(super) fn id(owner: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    id_at(&owner.required(problems, "id")?, problems)
}

/// The id at `field`.
pub(super) fn id_at(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = field.text(problems)?;
    if is_id(&text.value) {
        return Some(text.value.as_str().into());
    }
    let message = format!(
        "`{}` is not an id; an id starts with a-z, goes on with a-z, 0-9, _ and -, and has at most {LONGEST} characters",
        shorten(&text.value)
    );
    let likely = likely(&text.value);
    let found = Found::new("invalid_id", message).meant(likely.as_deref());
    field.report(problems, found);
    None
}

fn is_id(text: &str) -> bool {
    text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || "_-".contains(character))
}

/// The nearest thing to `text` that is an id.
fn likely(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let replaced: String =
        lower.chars().map(|character| if is_id(&format!("a{character}")) { character } else { '-' }).collect();
    let id: String =
        replaced.trim_start_matches(|character: char| !character.is_ascii_lowercase()).chars().take(LONGEST).collect();
    let id = id.trim_end_matches('-');
    is_id(id).then(|| id.to_owned())
}

/// The duration at `field`, however long.
pub(super) fn any_duration(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Duration> {
    let text = field.text_as(problems, "a duration such as 30s or 5m")?;
    let report = |message: &String| field.report(problems, Found::new("invalid_duration", message.clone()));
    duration::parse(&text.value).inspect_err(report).ok()
}

/// The duration at `field`, from `least` to `most`.
pub(super) fn duration(field: &Cursor<'_>, problems: &mut Problems<'_>, least: Duration, most: Duration) -> Option<Duration> {
    let duration = any_duration(field, problems)?;
    if (least..=most).contains(&duration) {
        return Some(duration);
    }
    let message = format!("{} must be from {} to {}", field.path, duration::write(least), duration::write(most));
    field.report(problems, Found::new("out_of_range", message));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_what_was_meant() {
        for text in ["a", "order-intake", "s_1", &"a".repeat(63)] {
            assert!(is_id(text), "{text}");
        }
        for (text, meant) in [
            ("Order Intake", Some("order-intake")),
            ("1st", Some("st")),
            ("a.b", Some("a-b")),
            ("", None),
            ("é", None),
            ("-", None),
            (&*"a".repeat(64), Some(&*"a".repeat(63))),
        ] {
            assert!(!is_id(text), "{text}");
            assert_eq!(likely(text).as_deref(), meant, "{text}");
        }
    }
}
