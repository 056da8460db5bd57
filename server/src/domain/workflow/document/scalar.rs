//! Plain scalars of the YAML 1.2 core schema (YAML 1.2.2 §10.3.2).

use serde_json::Number;

use super::tree::{Content, Text};

/// What a plain scalar means, or why it means nothing that JSON could say.
pub(super) fn resolve(text: Text) -> Result<Content, String> {
    match text.value.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Content::Null),
        "true" | "True" | "TRUE" => return Ok(Content::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Content::Bool(false)),
        _ => {}
    }
    match number(&text.value) {
        Some(Ok(number)) => Ok(Content::Number(number)),
        Some(Err(())) => Err(format!("the number {} can't be kept exactly", shorten(&text.value))),
        None => Ok(Content::Text(text)),
    }
}

fn shorten(text: &str) -> String {
    if text.len() > 40 { format!("{}…", &text[..40]) } else { text.to_owned() }
}

/// None: not written like a number. An error: a number that is too large, infinite or not a number.
fn number(text: &str) -> Option<Result<Number, ()>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(()));
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(integer(text.strip_prefix('+').unwrap_or(text)));
    }
    if !is_float(unsigned) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    Some(Number::from_f64(value).ok_or(()))
}

fn radix(digits: &str, base: u32) -> Option<Result<Number, ()>> {
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    is_number.then(|| u64::from_str_radix(digits, base).map(Number::from).map_err(|_| ()))
}

fn integer(text: &str) -> Result<Number, ()> {
    text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).map_err(|_| ())
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(index) => (&text[..index], Some(&text[index + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::super::tree::Place;
    use super::*;

    fn json(text: &str) -> Result<String, String> {
        let place = Place { line: 1, column: 1 };
        let content = resolve(Text { value: text.into(), start: place, end: place })?;
        Ok(super::super::Node { place, content }.to_json().to_string())
    }

    #[test]
    fn the_core_schema() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("NULL", "null"),
            ("nULL", "\"nULL\""),
            ("True", "true"),
            ("yes", "\"yes\""),
            ("on", "\"on\""),
            ("12", "12"),
            ("-12", "-12"),
            ("+12", "12"),
            ("007", "7"),
            ("0o17", "15"),
            ("0xFf", "255"),
            ("0b1", "\"0b1\""),
            ("1_000", "\"1_000\""),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1e3", "1000.0"),
            ("1e", "\"1e\""),
            (".", "\".\""),
            ("-", "\"-\""),
            ("12:30:45", "\"12:30:45\""),
            ("18446744073709551615", "18446744073709551615"),
            ("inf", "\"inf\""),
        ] {
            assert_eq!(json(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_json_can_not_hold_are_refused() {
        for text in ["1e400", "-1e400", ".inf", "-.Inf", ".nan", "18446744073709551616", "0xFFFFFFFFFFFFFFFFF"] {
            assert!(json(text).is_err(), "{text}");
        }
    }
}
