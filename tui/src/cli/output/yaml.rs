//! JSON values as YAML (1.2, block style). Strings that YAML could read as something else are quoted as in JSON.

use serde_json::Value;

/// `value` as a YAML document.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => sequence(&mut text, items, 0),
        Value::Object(fields) if !fields.is_empty() => mapping(&mut text, fields, 0),
        scalar => {
            text.push_str(&inline(scalar));
            text.push('\n');
        }
    }
    text
}

fn mapping(text: &mut String, fields: &serde_json::Map<String, Value>, depth: usize) {
    for (index, (key, value)) in fields.iter().enumerate() {
        // The first field of a mapping within a sequence stands on the line of its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str(&string(key));
        text.push(':');
        match value {
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                sequence(text, items, depth + 1);
            }
            Value::Object(fields) if !fields.is_empty() => {
                text.push('\n');
                mapping(text, fields, depth + 1);
            }
            Value::String(lines) if is_block(lines) => block(text, lines, depth + 1),
            scalar => {
                text.push(' ');
                text.push_str(&inline(scalar));
                text.push('\n');
            }
        }
    }
}

fn sequence(text: &mut String, items: &[Value], depth: usize) {
    for item in items {
        text.push_str(&"  ".repeat(depth));
        match item {
            Value::Object(fields) if !fields.is_empty() => {
                text.push_str("- ");
                mapping(text, fields, depth + 1);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push_str("-\n");
                sequence(text, items, depth + 1);
            }
            scalar => {
                text.push_str("- ");
                text.push_str(&inline(scalar));
                text.push('\n');
            }
        }
    }
}

/// Whether `lines` reads better as a literal block: several plain lines that end in exactly one newline.
fn is_block(lines: &str) -> bool {
    let body = lines.trim_end_matches('\n');
    let one_newline = lines.len() == body.len() + 1;
    one_newline && !body.is_empty() && !body.starts_with([' ', '\n']) && !body.contains(|c: char| c.is_control() && c != '\n')
}

fn block(text: &mut String, lines: &str, depth: usize) {
    text.push_str(" |\n");
    for line in lines.lines() {
        if !line.is_empty() {
            text.push_str(&"  ".repeat(depth));
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '@'));
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if first && rest && !word && !text.ends_with(' ') { text.to_owned() } else { Value::from(text).to_string() }
}
