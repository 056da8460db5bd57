//! From the input to tables and parameters.

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, Value as SqlValue};
use rusqlite::{Connection, Statement, ToSql};
use serde_json::{Map, Value};

use super::{Wrong, wrong};

/// Most columns of one table.
const COLUMNS: usize = 1000;

/// Makes a table of each list in `input` and gives back the rest: the parameters. An input that is a list is the table `input`.
pub(super) fn load(connection: &mut Connection, input: Value) -> Result<Map<String, Value>, Wrong> {
    let fields = match input {
        Value::Object(fields) => fields,
        Value::Array(rows) => Map::from_iter([("input".to_owned(), Value::Array(rows))]),
        Value::Null => Map::new(),
        _ => return Err(wrong("the input of a SQL step is an object, or a list of objects")),
    };
    let mut parameters = Map::new();
    let transaction = connection.transaction()?;
    for (name, value) in fields {
        match value {
            Value::Array(rows) => table(&transaction, &name, &rows)?,
            single => {
                parameters.insert(name, single);
            }
        }
    }
    transaction.commit()?;
    Ok(parameters)
}

fn table(connection: &Connection, name: &str, rows: &[Value]) -> Result<(), Wrong> {
    if name.to_ascii_lowercase().starts_with("sqlite_") || name.is_empty() || name.contains('\0') {
        return Err(wrong(format!("a table can't be called `{name}`; give the list another name in `input`")));
    }
    let columns = columns(name, rows)?;
    let definitions: Vec<String> =
        columns.iter().map(|column| format!("{} {}", quoted(column), affinity(rows, column))).collect();
    connection.execute_batch(&format!("CREATE TABLE {} ({})", quoted(name), definitions.join(", ")))?;
    let places = vec!["?"; columns.len()].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO {} VALUES ({places})", quoted(name)))?;
    for row in rows {
        let cells = columns.iter().map(|column| Cell(cell(row, column)));
        insert.execute(rusqlite::params_from_iter(cells))?;
    }
    Ok(())
}

/// The keys of all rows, in the order in which they come. A list of single values has the column `value`.
fn columns<'a>(name: &str, rows: &'a [Value]) -> Result<Vec<Cow<'a, str>>, Wrong> {
    let mut known = std::collections::HashSet::new();
    let mut columns: Vec<Cow<'a, str>> = Vec::new();
    for row in rows {
        let keys: Box<dyn Iterator<Item = &str>> = match row {
            Value::Object(fields) => Box::new(fields.keys().map(String::as_str)),
            _ => Box::new(std::iter::once("value")),
        };
        for key in keys {
            if !known.insert(key.to_ascii_lowercase()) {
                continue;
            }
            if key.contains('\0') || columns.len() == COLUMNS {
                return Err(wrong(format!(
                    "the rows of `{name}` have more than {COLUMNS} columns, or one that SQL can't name"
                )));
            }
            columns.push(Cow::Borrowed(key));
        }
    }
    if columns.is_empty() {
        columns.push(Cow::Borrowed("value"));
    }
    Ok(columns)
}

fn cell<'a>(row: &'a Value, column: &str) -> &'a Value {
    match row {
        Value::Object(fields) => {
            let exact = fields.get(column);
            // SQL takes `Id` and `id` for the same column.
            exact
                .or_else(|| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(column)).map(|(_, value)| value))
                .unwrap_or(&Value::Null)
        }
        single => single,
    }
}

/// The type that fits all values of a column, as far as there is one.
fn affinity(rows: &[Value], column: &str) -> &'static str {
    let mut found = "";
    for row in rows {
        let kind = match cell(row, column) {
            Value::Null => continue,
            Value::Number(number) if number.is_f64() => "REAL",
            Value::Bool(_) | Value::Number(_) => "INTEGER",
            _ => "TEXT",
        };
        found = match (found, kind) {
            ("", kind) => kind,
            (found, kind) if found == kind => found,
            ("INTEGER", "REAL") | ("REAL", "INTEGER") => "REAL",
            _ => return "",
        };
    }
    found
}

/// A name in SQL, whatever it is made of.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A JSON value as SQL knows it: objects and lists as JSON text.
struct Cell<'a>(&'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(SqlValue::Null),
            Value::Bool(truth) => ToSqlOutput::Owned(SqlValue::Integer(i64::from(*truth))),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => ToSqlOutput::Owned(SqlValue::Integer(integer)),
                None => ToSqlOutput::Owned(SqlValue::Real(number.as_f64().unwrap_or(f64::MAX))),
            },
            Value::String(text) => ToSqlOutput::from(text.as_str()),
            nested => ToSqlOutput::Owned(SqlValue::Text(nested.to_string())),
        })
    }
}

/// Gives a statement the parameters that it names: `:name`, `@name` or `$name`.
pub(super) fn bind(statement: &mut Statement<'_>, parameters: &Map<String, Value>) -> Result<(), Wrong> {
    for index in 1..=statement.parameter_count() {
        let Some(name) = statement.parameter_name(index).map(str::to_owned) else {
            return Err(wrong("a parameter has a name, as in `:customer`; its value stands in `input` under this name"));
        };
        let Some(value) = parameters.get(&name[1..]) else {
            return Err(wrong(format!(
                "the statement asks for the parameter {name}, and `input` has no single value of this name"
            )));
        };
        statement.raw_bind_parameter(index, Cell(value))?;
    }
    Ok(())
}
