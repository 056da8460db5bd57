//! What is made of JSON before it is printed: a jq filter, or a template per thing. Both are built in: nothing has to be installed.

use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::Value;

/// How JSON becomes text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A jq filter: each of its outputs is a line, text without quotes.
    Jq(String),
    /// A Jinja template, filled in for each thing of a list, or for the one thing.
    Template(String),
}

impl Shape {
    /// The text of `value`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the filter or the template.
    pub fn text(&self, value: &Value) -> Result<String, String> {
        match self {
            Self::Jq(filter) => jq(filter, value).map_err(|why| format!("--jq: {why}")),
            Self::Template(template) => fill(template, value).map_err(|why| format!("--template: {why}")),
        }
    }
}

fn jq(code: &str, value: &Value) -> Result<String, String> {
    let defs = jaq_core::defs().chain(jaq_std::defs().filter(is_whole)).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let wrong = || format!("`{code}` is not a jq filter; try `.[].id`");
    let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|_| wrong())?;
    let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|_| wrong())?;
    let input = read::parse_single(value.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut lines = String::new();
    for output in filter.id.run((context, input)).map(unwrap_valr) {
        let text = output.map_err(|error| error.to_string())?.to_string();
        // Text is printed as it is: it goes into other commands.
        let line = serde_json::from_str::<String>(&text).unwrap_or(text);
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

/// What the standard library defines by filters that come with other libraries: regular expressions, dates, formats, more
/// mathematics. The tree stays lean without them.
const LEFT_OUT: [&str; 21] = [
    "stderr",
    "debug",
    "halt",
    "halt_error",
    "logb",
    "significand",
    "pow10",
    "drem",
    "nexttoward",
    "scalb",
    "gamma",
    "test",
    "scan_",
    "scan",
    "match",
    "capture",
    "splits",
    "sub",
    "gsub",
    "todate",
    "fromdate",
];

/// Whether everything that a definition needs is there.
fn is_whole(def: &Def<&'static str>) -> bool {
    let is_format = def.name.starts_with('@') && def.name != "@text";
    !LEFT_OUT.contains(&def.name) && !is_format && (def.name, def.args.len()) != ("split", 2)
}

fn fill(template: &str, value: &Value) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Chainable);
    environment.add_template("line", template).map_err(|error| error.to_string())?;
    let compiled = environment.get_template("line").map_err(|error| error.to_string())?;
    let one = |thing: &Value| {
        let line = compiled.render(Serde(thing)).map_err(|error| error.to_string())?;
        Ok(line + "\n")
    };
    match value {
        Value::Array(things) => things.iter().map(one).collect(),
        thing => one(thing),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_gives_a_line_per_output() {
        let list = json!([{"id": "a", "n": 1}, {"id": "b", "n": 2.5}]);
        let of = |filter: &str| Shape::Jq(filter.into()).text(&list).unwrap();
        assert_eq!(of(".[].id"), "a\nb\n");
        assert_eq!(of("map(.n) | add"), "3.5\n");
        assert_eq!(of(".[] | select(.n > 2)"), "{\"id\":\"b\",\"n\":2.5}\n");
        assert_eq!(of("map(.id) | sort | join(\",\")"), "a,b\n");
        assert_eq!(of("group_by(.n) | length, (.[0][0] | keys | tojson)"), "2\n[\"id\",\"n\"]\n");
        for wrong in [".[", "nonsense", ".[0].id | keys"] {
            assert!(Shape::Jq(wrong.into()).text(&list).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_is_filled_in_per_thing() {
        let list = json!([{"id": "a", "error": {"class": "user"}}, {"id": "b"}]);
        let template = Shape::Template("{{ id }} {{ error.class or '-' }}".into());
        assert_eq!(template.text(&list).unwrap(), "a user\nb -\n");
        assert_eq!(template.text(&list[0]).unwrap(), "a user\n");
        assert!(Shape::Template("{{ id".into()).text(&list).is_err());
    }
}
