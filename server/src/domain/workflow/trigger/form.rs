//! A form: a page that asks for the workflow's input.

use serde_json::{Map, Number, Value};

use super::WebhookTrigger;

/// A form: a page that asks for the workflow's input.
#[derive(Debug)]
pub struct FormTrigger {
    /// How it is reached and guarded, as a webhook that takes GET and POST.
    pub webhook: WebhookTrigger,
    /// The heading.
    pub title: String,
    /// What stands below it.
    pub description: Option<String>,
    /// What stands on the button.
    pub submit: String,
    /// What is said when the form was sent.
    pub thanks: String,
    /// Where to go then instead.
    pub redirect: Option<String>,
    /// What is asked, in the schema's order.
    pub fields: Vec<FormField>,
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// The field of the input.
    pub name: String,
    /// Its `title`, else its name.
    pub label: String,
    /// Its `description`.
    pub help: Option<String>,
    /// Whether it must be answered.
    pub required: bool,
    /// How it is asked.
    pub kind: FieldKind,
    /// Its `default`.
    pub default: Option<Value>,
}

/// How a question is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// A line: the `type` of the HTML `input`.
    Line(&'static str),
    /// Several lines.
    Lines,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Truth,
    /// One of these.
    One(Vec<Value>),
    /// Any of these.
    Any(Vec<Value>),
    /// A file.
    File,
}

/// A text that may be longer is asked for in several lines.
const LINE: u64 = 200;
/// Most questions, and most choices of one.
const MOST: usize = 100;

/// What a form asks for an input of this JSON Schema.
///
/// # Errors
/// What a form can't ask, in words.
pub fn form_fields(schema: &Value) -> Result<Vec<FormField>, String> {
    let properties = schema.get("properties").and_then(Value::as_object).ok_or("`inputs` has no `properties`")?;
    if properties.len() > MOST {
        return Err(format!("a form asks {MOST} questions at most"));
    }
    let required: Vec<_> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let text = |property: &Value, key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
    let field = |(name, property): (&String, &Value)| {
        let kind = kind(property).ok_or_else(|| {
            format!(
                "a form can't ask for `{name}`: it asks for strings, numbers, booleans, choices (enum), lists of choices and files (type: object, format: file)"
            )
        })?;
        Ok(FormField {
            name: name.clone(),
            label: text(property, "title").unwrap_or_else(|| name.clone()),
            help: text(property, "description"),
            // A box that need not be ticked has an answer as well.
            required: required.contains(&name.as_str()) && !matches!(kind, FieldKind::Truth | FieldKind::Any(_)),
            kind,
            default: property.get("default").cloned(),
        })
    };
    properties.iter().map(field).collect()
}

fn kind(property: &Value) -> Option<FieldKind> {
    if let Some(choices) = choices(property) {
        return Some(FieldKind::One(choices));
    }
    let format = property.get("format").and_then(Value::as_str);
    Some(match property.get("type")?.as_str()? {
        "string" => match format {
            Some("email") => FieldKind::Line("email"),
            Some("uri") => FieldKind::Line("url"),
            Some("date") => FieldKind::Line("date"),
            Some("time") => FieldKind::Line("time"),
            _ if property.get("maxLength").and_then(Value::as_u64).is_some_and(|most| most > LINE) => FieldKind::Lines,
            _ => FieldKind::Line("text"),
        },
        "integer" => FieldKind::Integer,
        "number" => FieldKind::Number,
        "boolean" => FieldKind::Truth,
        "array" => FieldKind::Any(choices(property.get("items")?)?),
        "object" if format == Some("file") => FieldKind::File,
        _ => return None,
    })
}

fn choices(property: &Value) -> Option<Vec<Value>> {
    let choices = property.get("enum")?.as_array()?;
    let plain = choices.iter().all(|choice| choice.is_string() || choice.is_number());
    (plain && (1..=MOST).contains(&choices.len())).then(|| choices.clone())
}

/// A choice as the page shows it.
#[must_use]
pub fn choice_text(choice: &Value) -> String {
    choice.as_str().map_or_else(|| choice.to_string(), str::to_owned)
}

impl FormField {
    /// The answer in what was sent: `values` are those under the field's name. What is no number stays a text, so that the check of
    /// the input says what is wrong with it.
    fn answer(&self, values: &[&str]) -> Option<Value> {
        let first = values.iter().copied().find(|value| !value.is_empty());
        let pick = |choices: &[Value], text: &str| {
            choices.iter().find(|choice| choice_text(choice) == text).cloned().unwrap_or_else(|| Value::from(text))
        };
        match &self.kind {
            FieldKind::Truth => Some(Value::from(first.is_some())),
            FieldKind::Any(choices) => Some(values.iter().map(|value| pick(choices, value)).collect()),
            FieldKind::One(choices) => first.map(|text| pick(choices, text)),
            FieldKind::Integer => first.map(|text| text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from)),
            FieldKind::Number => first.map(|text| {
                let number = text.trim().parse().ok().and_then(Number::from_f64);
                number.map_or_else(|| Value::from(text), Value::Number)
            }),
            FieldKind::Line(_) | FieldKind::Lines => first.map(Value::from),
            FieldKind::File => None,
        }
    }
}

impl FormTrigger {
    /// Whether it asks for a file.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.fields.iter().any(|field| field.kind == FieldKind::File)
    }

    /// The input that was sent: texts, and files by their field. Only what is asked for is looked at.
    #[must_use]
    pub fn input(&self, sent: &[(String, String)], mut files: Map<String, Value>) -> Value {
        let answer = |field: &FormField| {
            if field.kind == FieldKind::File {
                return Some((field.name.clone(), files.remove(&field.name)?));
            }
            let values: Vec<_> = sent.iter().filter(|(name, _)| *name == field.name).map(|(_, value)| value.as_str()).collect();
            Some((field.name.clone(), field.answer(&values)?))
        };
        Value::Object(self.fields.iter().filter_map(answer).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Vec<FormField> {
        let schema = json!({"type": "object", "required": ["name", "ok"], "properties": {
            "name": {"type": "string", "title": "Your name"},
            "mail": {"type": "string", "format": "email"},
            "note": {"type": "string", "maxLength": 5000},
            "qty": {"type": "integer"},
            "price": {"type": "number"},
            "ok": {"type": "boolean"},
            "size": {"enum": ["S", "M", 3]},
            "extras": {"type": "array", "items": {"enum": ["a", "b"]}},
            "scan": {"type": "object", "format": "file"},
        }});
        form_fields(&schema).unwrap()
    }

    #[test]
    fn a_schema_is_questions() {
        let asked: Vec<_> = fields().iter().map(|field| (field.label.clone(), field.required)).collect();
        assert_eq!(asked[0], ("Your name".to_owned(), true));
        assert_eq!(asked[5], ("ok".to_owned(), false), "an empty box is an answer");
        assert_eq!((&fields()[1].kind, &fields()[2].kind), (&FieldKind::Line("email"), &FieldKind::Lines));
        assert_eq!(fields()[8].kind, FieldKind::File);
        for wrong in [
            json!({}),
            json!({"properties": {"a": {"type": "object"}}}),
            json!({"properties": {"a": {"type": "array", "items": {"type": "string"}}}}),
            json!({"properties": {"a": {"enum": [null]}}}),
            json!({"properties": {"a": {}}}),
        ] {
            assert!(form_fields(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_have_the_types_of_the_schema() {
        let sent = |pairs: &[(&str, &str)]| -> Value {
            let all = fields();
            let answer = |field: &FormField| {
                let values: Vec<_> = pairs.iter().filter(|(name, _)| *name == field.name).map(|(_, value)| *value).collect();
                Some((field.name.clone(), field.answer(&values)?))
            };
            Value::Object(all.iter().filter_map(answer).collect())
        };
        let full = [
            ("name", "Ada"),
            ("qty", "3"),
            ("price", "1.5"),
            ("ok", "on"),
            ("size", "3"),
            ("extras", "a"),
            ("extras", "b"),
            ("other", "x"),
        ];
        let expected = json!({"name": "Ada", "qty": 3, "price": 1.5, "ok": true, "size": 3, "extras": ["a", "b"]});
        assert_eq!(sent(&full), expected);
        assert_eq!(
            sent(&[("name", ""), ("qty", "many"), ("size", "XXL")]),
            json!({"qty": "many", "ok": false, "size": "XXL", "extras": []})
        );
    }
}
