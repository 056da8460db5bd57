//! JavaScript steps, in `QuickJS`. The prelude is constant: user code and input come to it as data.

use std::sync::{Arc, Mutex, PoisonError};

use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt as _, CaughtError, Context, Ctx, Function, Module, Promise, Runtime, Value};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Failure, Job, THREW_NULL};

use super::log::Log;
use super::outcome::{Outcome, out_of_memory};

/// Makes `console`, and takes away what makes code from text.
const PRELUDE: &str = include_str!("prelude.js");
const FILE: &str = "step.js";
/// Largest stack of JavaScript, in bytes; the process has 8 MiB.
const STACK: usize = 4 * 1024 * 1024;
/// Memory that the engine leaves to the rest of the process, in bytes.
const RESERVE: u64 = 8 * 1024 * 1024;

/// Runs, or only compiles, the code of `job`.
pub(super) fn run(job: &Job, input: Vec<u8>, log: &Arc<Mutex<Log>>, language_layer: bool) -> Outcome {
    let Ok((runtime, context)) = engine() else { return Err(out_of_memory()) };
    runtime.set_memory_limit(usize::try_from(job.memory_bytes.saturating_sub(RESERVE)).unwrap_or(usize::MAX));
    runtime.set_max_stack_size(STACK);
    let outcome = context.with(|ctx| {
        if job.check_only {
            let declared = Module::declare(ctx.clone(), FILE, job.code.as_str()).catch(&ctx);
            return declared.map(|_| b"null".to_vec()).map_err(|error| failure(&error));
        }
        prepare(&ctx, log, language_layer).catch(&ctx).map_err(|error| failure(&error))?;
        execute(&ctx, &job.code, input).catch(&ctx).map_err(|error| failure(&error))
    });
    // The process ends in a moment; taking the engine apart would only cost time.
    std::mem::forget((runtime, context));
    outcome
}

fn engine() -> rquickjs::Result<(Runtime, Context)> {
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    Ok((runtime, context))
}

fn prepare(ctx: &Ctx<'_>, log: &Arc<Mutex<Log>>, language_layer: bool) -> rquickjs::Result<()> {
    let log = Arc::clone(log);
    let write = Function::new(ctx.clone(), move |text: String| {
        log.lock().unwrap_or_else(PoisonError::into_inner).push(&text);
    })?;
    let prelude: Function<'_> = ctx.eval(PRELUDE)?;
    prelude.call((write, language_layer))
}

/// Runs the code and then its function; the result as JSON.
fn execute<'js>(ctx: &Ctx<'js>, code: &str, input: Vec<u8>) -> rquickjs::Result<Vec<u8>> {
    let stringify: Function<'js> = ctx.eval("JSON.stringify")?;
    let input = ctx.json_parse(input)?;
    let main = if is_module(code) { main_of_module(ctx, code)? } else { main_of_script(ctx, code)? };
    let result: Value<'js> = main.call((input,))?;
    let result = match result.as_promise() {
        Some(promise) => settle(ctx, promise)?,
        None => result,
    };
    let text: Option<rquickjs::String<'js>> = stringify.call((result,))?;
    text.map_or_else(|| Ok("null".to_owned()), |text| text.to_string()).map(String::into_bytes)
}

/// Whether a line begins with `export` or `import`.
fn is_module(code: &str) -> bool {
    code.lines().any(|line| {
        let word: String = line.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        word == "export" || word == "import"
    })
}

fn main_of_module<'js>(ctx: &Ctx<'js>, code: &str) -> rquickjs::Result<Function<'js>> {
    let (module, loaded) = Module::declare(ctx.clone(), FILE, code)?.eval()?;
    settle::<Value<'js>>(ctx, &loaded)?;
    let main: Value<'js> = module.namespace()?.get("default")?;
    main.into_function().ok_or_else(|| no_main(ctx))
}

fn main_of_script<'js>(ctx: &Ctx<'js>, code: &str) -> rquickjs::Result<Function<'js>> {
    let mut options = EvalOptions::default();
    options.strict = true;
    options.filename = Some(FILE.to_owned());
    ctx.eval_with_options::<(), _>(code, options)?;
    let main: Value<'js> = ctx.eval("typeof main === 'function' ? main : undefined")?;
    main.into_function().ok_or_else(|| no_main(ctx))
}

fn no_main(ctx: &Ctx<'_>) -> rquickjs::Error {
    rquickjs::Exception::throw_type(ctx, "the code has neither `export default function (input)` nor `function main(input)`")
}

/// Runs what is waiting until the promise is settled.
fn settle<'js, T: rquickjs::FromJs<'js>>(ctx: &Ctx<'js>, promise: &Promise<'js>) -> rquickjs::Result<T> {
    match promise.finish() {
        Err(rquickjs::Error::WouldBlock) => {
            Err(rquickjs::Exception::throw_message(ctx, "the step waits for a promise that is never settled"))
        }
        settled => settled,
    }
}

fn failure(error: &CaughtError<'_>) -> Failure {
    match error {
        CaughtError::Exception(exception) => thrown(exception),
        CaughtError::Value(value) if value.is_null() => Failure::new(FailureClass::CodeError, THREW_NULL),
        CaughtError::Value(value) => Failure::new(FailureClass::CodeError, format!("the code threw {}", shown(value))),
        CaughtError::Error(rquickjs::Error::Allocation) => out_of_memory(),
        CaughtError::Error(error) => Failure::new(FailureClass::CodeError, error.to_string()),
    }
}

fn thrown(exception: &rquickjs::Exception<'_>) -> Failure {
    let name = exception.get::<_, Option<String>>("name").ok().flatten().unwrap_or_else(|| "Error".to_owned());
    let message = exception.message().unwrap_or_default();
    if message == "out of memory" {
        return out_of_memory();
    }
    let stack = exception.stack().unwrap_or_default();
    let (line, column) = place(&stack).unzip();
    let denied = name == "SandboxDenied"
        || message.starts_with("could not load module")
        || message.contains("Error resolving module")
        || message.contains("Error loading module");
    let class = if denied { FailureClass::SandboxDenied } else { FailureClass::CodeError };
    let place = line.map(|line| format!(" ({FILE}, line {line})")).unwrap_or_default();
    let mut text = format!("{name}: {message}{place}");
    if !stack.trim().is_empty() {
        text.push('\n');
        text.push_str(stack.trim_end());
    }
    let syntax = name == "SyntaxError";
    Failure {
        class,
        message: text.chars().take(8000).collect(),
        line: line.filter(|_| syntax),
        column: column.filter(|_| syntax),
    }
}

/// The first place in the user's code that a stack names: `at f (step.js:3:7)`.
fn place(stack: &str) -> Option<(u32, u32)> {
    let (_, after) = stack.split_once("step.js:")?;
    let mut numbers = after.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next().unwrap_or(1)))
}

fn shown(value: &Value<'_>) -> String {
    let text = value.as_string().and_then(|text| text.to_string().ok());
    text.map_or_else(|| format!("a value of type {}", value.type_name()), |text| text.chars().take(1000).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_told_from_scripts() {
        assert!(is_module("export default function (input) {}"));
        assert!(is_module("// x\n  export{ a }"));
        assert!(is_module("import x from 'y'"));
        assert!(!is_module("function main(input) { return exports }"));
        assert!(!is_module("const exported = 1"));
    }

    #[test]
    fn the_place_is_the_first_in_the_users_code() {
        assert_eq!(place("    at parse (native)\n    at main (step.js:3:7)\n    at <eval> (step.js:9:1)\n"), Some((3, 7)));
        assert_eq!(place("    at step.js:4\n"), Some((4, 1)));
        assert_eq!(place("    at parse (native)\n"), None);
    }
}
