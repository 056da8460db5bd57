//! The `with` of `python`, `javascript` and `sql` steps.

use tidemill_common::limits::{
    CODE_BYTES, CODE_LOG_KIB_MOST, CODE_MEMORY_MIB_LEAST, CODE_MEMORY_MIB_MOST, CODE_OUTPUT_KIB_MOST,
};
use tidemill_common::step_protocol::{Language, Runtime};

use super::expressions::Context;
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems};
use crate::domain::workflow::plan::{CodeAsks, CodeWork, Work};

/// The fields of `with`.
const FIELDS: [&str; 6] = ["code", "runtime", "input", "memory_mib", "output_kib", "log_kib"];
/// Fields that come with later versions.
const LATER: [&str; 1] = ["packages"];
/// What an expression in code would begin with. Nobody means these in a language.
const EXPRESSIONS: [&str; 6] = ["steps.", "trigger.", "inputs.", "secrets.", "workflow.", "execution."];

/// Reads the `with`. Whether the code is code is found out in the step host, not here.
pub(super) fn work(
    language: Language,
    with: &Cursor<'_>,
    context: &mut Context<'_>,
    problems: &mut Problems<'_>,
) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &FIELDS, &LATER);
    let input = match fields.get("input") {
        Some(field) => context.template(&field, problems),
        None => Some(Context::nothing()),
    };
    let runtime = runtime(language, &fields, problems);
    let asks = asks(&fields, problems);
    let field = fields.required(problems, "code")?;
    let text = field.text(problems)?;
    if text.value.len() > CODE_BYTES {
        let found = Found::new("too_large", format!("code may have {CODE_BYTES} bytes; this has {}", text.value.len()));
        field.report(problems, found);
        return None;
    }
    if let Some(offset) = expression(&text.value) {
        let found = Found::new("expression_in_code", "expressions in code are not evaluated: a value could become code");
        let hint = match language {
            Language::Sql => "give the value a name in `with.input` and write :name here",
            _ => "give the value a name in `with.input` and read it from the input here",
        };
        problems.add_inside(text, offset, &field.path, found.hint(hint));
        return None;
    }
    Some(Work::Code(CodeWork { language, runtime: runtime?, input: input?, asks: asks?, text: text.clone() }))
}

fn runtime(language: Language, fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Runtime> {
    let Some(field) = fields.get("runtime") else { return Some(Runtime::default()) };
    if language != Language::Javascript {
        let found = Found::new("conflict", format!("`runtime` has no meaning for a {} step", language.as_str()));
        field.report(problems, found.hint("remove it"));
        return None;
    }
    field.word(problems, &Runtime::ALL.map(Runtime::as_str)).and_then(Runtime::from_word)
}

/// What the file gives the step. Whether this server gives as much is found out where it is saved.
fn asks(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<CodeAsks> {
    let mut number = |key, (least, most), unit: u32| match fields.get(key) {
        None => Some(None),
        Some(field) => field.integer(problems, least, most).map(|value| Some(u64::from(value) << unit)),
    };
    let memory_bytes = number("memory_mib", (CODE_MEMORY_MIB_LEAST, CODE_MEMORY_MIB_MOST), 20);
    let output_bytes = number("output_kib", (1, CODE_OUTPUT_KIB_MOST), 10);
    let log_bytes = number("log_kib", (0, CODE_LOG_KIB_MOST), 10);
    Some(CodeAsks { memory_bytes: memory_bytes?, output_bytes: output_bytes?, log_bytes: log_bytes? })
}

/// Where code has what can only be meant as an expression.
fn expression(code: &str) -> Option<usize> {
    let mut places = code.match_indices("{{");
    places.find_map(|(at, braces)| {
        let inside = code[at + braces.len()..].trim_start_matches([' ', '-']);
        EXPRESSIONS.iter().any(|word| inside.starts_with(word)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_as_an_expression_is_one() {
        assert_eq!(expression("x = '{{ steps.a.output }}'"), Some(5));
        assert_eq!(expression("SELECT '{{secrets.x}}'"), Some(8));
        assert_eq!(expression("x = {{1}: 2}; f'{{steps}}'; `${{steps: 1}}`"), None);
    }
}
