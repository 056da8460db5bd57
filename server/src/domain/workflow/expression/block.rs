//! A text with `{% if %}` or `{% for %}`.

use std::fmt;

use minijinja::Environment;

use super::ExpressionError;
use super::environment::ENVIRONMENT;
use super::reading;
use super::result::Room;
use crate::domain::workflow::scope::Scope;

/// A compiled text with statements. It has an environment of its own because the evaluator keeps texts only there; filters
/// and tests are shared.
pub(super) struct Block {
    source: Box<str>,
    environment: Environment<'static>,
}

/// The name of the only text in the environment.
const ONLY: &str = "text";

impl Block {
    pub(super) fn compile(source: &str) -> Result<Self, minijinja::Error> {
        let mut environment = ENVIRONMENT.clone();
        environment.add_template_owned(ONLY, source.to_owned())?;
        Ok(Self { source: source.into(), environment })
    }

    pub(super) fn render(&self, scope: &Scope, room: &mut Room) -> Result<String, ExpressionError> {
        reading::begin();
        let rendered = self.environment.get_template(ONLY).and_then(|text| text.render(scope.root()));
        rendered
            .and_then(|text| room.take(text.len()).map(|()| text))
            .map_err(|error| ExpressionError::from_evaluator(&error, &self.source))
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Block").field(&self.source).finish()
    }
}
