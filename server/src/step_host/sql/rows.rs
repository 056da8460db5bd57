//! From rows to output.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Statement;
use rusqlite::types::ValueRef;

use super::{Wrong, wrong};
use crate::step_host::outcome::too_large;

/// Runs a bound statement; its rows as a JSON list of objects.
pub(super) fn read(statement: &mut Statement<'_>, limit: u64) -> Result<Vec<u8>, Wrong> {
    let limit_bytes = usize::try_from(limit).unwrap_or(usize::MAX);
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut known = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !known.insert(name.as_str())) {
        return Err(wrong(format!("two columns of the result are called `{twice}`; rename one with AS")));
    }
    let keys: Vec<String> = names.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
    let mut output = String::from("[");
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if output.len() > 1 {
            output.push(',');
        }
        for (index, key) in keys.iter().enumerate() {
            output.push(if index == 0 { '{' } else { ',' });
            output.push_str(key);
            output.push(':');
            let value = row.get_ref(index)?;
            if output.len() + size(value) > limit_bytes {
                return Err(too_large(limit).into());
            }
            push(&mut output, value);
        }
        output.push('}');
    }
    output.push(']');
    Ok(output.into_bytes())
}

fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}

fn push(output: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => output.push_str("null"),
        ValueRef::Integer(integer) => output.push_str(&integer.to_string()),
        // JSON has no infinity.
        ValueRef::Real(number) => output.push_str(&serde_json::Value::from(number).to_string()),
        ValueRef::Text(bytes) => output.push_str(&serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string()),
        ValueRef::Blob(bytes) => {
            output.push('"');
            STANDARD.encode_string(bytes, output);
            output.push('"');
        }
    }
}
