//! From what a compiler says about the code of a step to a place in the workflow file.

use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::Failure;

use super::document::inside;
use super::plan::CodeWork;

/// What is wrong with the code of the step at `path`, as the workflow file `source` has it.
pub fn code_problem(source: &str, path: &str, work: &CodeWork, failure: &Failure) -> Diagnostic {
    let place = inside(source, &work.text, offset(work.code(), failure.line.unwrap_or(1), failure.column.unwrap_or(1)));
    Diagnostic {
        line: place.line,
        column: place.column,
        path: format!("{path}.with.code"),
        code: "invalid_code".to_owned(),
        message: failure.message.lines().next().unwrap_or_default().to_owned(),
        suggestion: None,
    }
}

/// Says that the code of the step at `path` could not be compiled here, and `why`.
pub fn code_unchecked(source: &str, path: &str, work: &CodeWork, why: &str) -> Diagnostic {
    let message = format!("this code was not checked, and steps with it fail here: {why}");
    let suggestion = Some("see `tidemill doctor` on the server's machine".to_owned());
    let first = Failure::new(FailureClass::SandboxUnavailable, message);
    Diagnostic { code: "code_unchecked".to_owned(), suggestion, ..code_problem(source, path, work, &first) }
}

/// Says that the step at `path` asks in a field for more than `who` gives, and what it gives.
pub fn code_asks_too_much(
    source: &str,
    path: &str,
    work: &CodeWork,
    (who, (field, most)): (&str, &(&str, String)),
) -> Diagnostic {
    let message = format!("`{field}` asks for more than {who} gives a code step: at most {most}");
    let found = code_problem(source, path, work, &Failure::new(FailureClass::User, message));
    Diagnostic { code: "out_of_range".to_owned(), path: format!("{path}.{field}"), ..found }
}

/// The byte at `line` and `column` of `code`, both from 1; the end of the line when it is shorter.
fn offset(code: &str, line: u32, column: u32) -> usize {
    let (line, column) = (line.max(1) as usize - 1, column.max(1) as usize - 1);
    let start: usize = code.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = code[start..].lines().next().unwrap_or_default();
    start + rest.chars().take(column).map(char::len_utf8).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::workflow::compile;
    use crate::domain::workflow::plan::Work;

    #[test]
    fn the_place_is_that_in_the_file() {
        let source = "id: x\nsteps:\n  - {id: z, uses: transform, with: {}}\ncatch:\n  - id: a\n    uses: python\n    with:\n      code: |\n        x = 1\n        y = = 2\n";
        let plan = compile(source).unwrap();
        let Work::Code(work) = &plan.steps[1].work else { unreachable!() };
        let failure =
            Failure { line: Some(2), column: Some(5), ..Failure::new(FailureClass::CodeError, "SyntaxError: x\nmore") };
        let problem = code_problem(source, &plan.path(1), work, &failure);
        assert_eq!((problem.line, problem.column, problem.message.as_str()), (10, 13, "SyntaxError: x"));
        assert_eq!((problem.path.as_str(), plan.path(0).as_str()), ("catch[0].with.code", "steps[0]"));
        assert_eq!(offset("a\nb", 9, 9), 3);
    }
}
