//! The `with` of `python`, `javascript` and `sql` steps.

use tidemill_common::limits::{CODE_BYTES, CODE_MEMORY_BYTES};
use tidemill_common::step_protocol::Language;

use super::expressions::Context;
use crate::domain::workflow::document::{Cursor, Found, Problems};
use crate::domain::workflow::plan::{CodeWork, Work};

/// The fields of `with`.
const FIELDS: [&str; 3] = ["code", "input", "memory_mib"];
/// Fields that come with later versions.
const LATER: [&str; 2] = ["runtime", "packages"];
/// What an expression in code would begin with. Nobody means these in a language.
const EXPRESSIONS: [&str; 6] = ["steps.", "trigger.", "inputs.", "secrets.", "workflow.", "execution."];
/// Least memory that a step can be given, in MiB.
const LEAST_MEMORY: u32 = 16;

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
    let most = u32::try_from(CODE_MEMORY_BYTES >> 20).unwrap_or(u32::MAX);
    let memory = fields.get("memory_mib").map(|field| field.integer(problems, LEAST_MEMORY, most));
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
    let memory_bytes = match memory {
        Some(mebibytes) => Some(u64::from(mebibytes?) << 20),
        None => None,
    };
    Some(Work::Code(CodeWork { language, input: input?, memory_bytes, text: text.clone() }))
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
