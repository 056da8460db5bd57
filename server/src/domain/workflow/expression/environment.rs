//! The one evaluator: what expressions may use, and how much.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};
use tidemill_common::limits::EXPRESSION_FUEL;

/// Nothing but an allow-list: no loader, no globals, no filter that is not named here.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(EXPRESSION_FUEL));
    environment.set_debug(false);
    environment
});
