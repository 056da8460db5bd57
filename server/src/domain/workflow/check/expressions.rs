//! What an expression may read in the place where it stands, and templates made of the tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::graph::Graph;
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, Text, nearest, shorten};
use crate::domain::workflow::execution_meta::{EXECUTION_FIELDS, WORKFLOW_FIELDS};
use crate::domain::workflow::expression::{Expression, Mention, Mistake, Parsed, Reading, Template, TemplateBuilder};
use crate::domain::workflow::plan::{Reads, StepIndex};
use crate::domain::workflow::scope::{
    ANSWER_FIELDS, ERROR_FIELDS, NAMES, RESUME_URL, STEP_FIELDS, TRIGGER_FIELDS, resume_url_name,
};

/// What expressions of the whole file can read.
pub(super) struct World<'a> {
    /// The steps and their order.
    pub graph: &'a Graph,
    /// The fields of the input, when its schema allows no others.
    pub inputs: Option<Vec<&'a str>>,
    /// The workflow's own id.
    pub own_id: Option<&'a str>,
    /// The steps that wait for an event, and so have a resume address.
    pub events: BTreeSet<&'a str>,
}

/// What kind of iteration an expression belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// One of `for_each`: it sees `item` and `index`.
    Item,
    /// One of `while`: it sees `last` and `index`.
    Last,
}

/// A place in the file, and what expressions may read there.
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own, and most combinations occur")]
pub(super) struct Context<'a> {
    pub world: &'a World<'a>,
    /// The step whose expressions these are; none for the workflow's `output`, which may read every step.
    pub step: Option<StepIndex>,
    /// Whether `secrets` may be read.
    pub secrets: bool,
    /// Whether resume addresses may be read where secrets may not: they are made to be sent to people.
    pub resume_urls: bool,
    /// Whether `error` may be read.
    pub error: bool,
    /// Whether it is asked of the answer to a request.
    answer: bool,
    /// Whether it is read when an execution is admitted, before any step.
    arrival: bool,
    /// Where there is no execution yet: the only names that may be read.
    outside: Option<&'static [&'static str]>,
    /// Which names of an iteration may be read.
    pub turn: Option<Turn>,
    /// Whether `always()` and `failed()` may be called.
    pub status_functions: bool,
    /// Whether one of them was called.
    pub asks_status: bool,
    /// The names of the secrets that were read.
    pub used_secrets: BTreeSet<Arc<str>>,
    /// The credential that was named.
    pub used_credential: Option<Arc<str>>,
    /// What was read of the execution.
    pub reads: Reads,
}

impl<'a> Context<'a> {
    pub fn new(world: &'a World<'a>, step: Option<StepIndex>) -> Self {
        Self {
            world,
            step,
            secrets: false,
            resume_urls: false,
            error: false,
            answer: false,
            arrival: false,
            outside: None,
            turn: None,
            status_functions: false,
            asks_status: false,
            used_secrets: BTreeSet::new(),
            used_credential: None,
            reads: Reads::default(),
        }
    }

    /// What is read when an execution is admitted.
    pub fn at_arrival(world: &'a World<'a>) -> Self {
        Self { arrival: true, ..Self::new(world, None) }
    }

    /// What a trigger reads before there is an execution: `names`, `workflow`, and secrets where they are allowed.
    pub fn outside(world: &'a World<'a>, names: &'static [&'static str]) -> Self {
        Self { outside: Some(names), ..Self::new(world, None) }
    }

    /// The tree at `field` as a template.
    pub fn template(&mut self, field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Template> {
        self.build(field, problems).map(TemplateBuilder::finish)
    }

    /// The template of what was left out.
    pub fn nothing() -> Template {
        TemplateBuilder::literal(serde_json::Value::Null).finish()
    }

    /// The fields `keys` of an object as one template. Only those in `confidential` may read secrets.
    pub fn template_of(
        &mut self,
        fields: &Fields<'_>,
        keys: &[&str],
        confidential: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Template> {
        let mut built = Vec::new();
        for (key, value) in fields.iter().filter(|(key, _)| keys.contains(key)) {
            self.secrets = confidential.contains(&key);
            built.push(self.build(&value, problems).map(|value| (key.to_owned(), value)));
            self.secrets = false;
        }
        built.into_iter().collect::<Option<_>>().map(|fields| TemplateBuilder::map(fields).finish())
    }

    /// The bare expression at `field`, which sees the answer to a request and nothing else.
    pub fn of_answer(&mut self, field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Expression> {
        self.answer = true;
        let expression = self.bare(field, problems);
        self.answer = false;
        expression
    }

    fn build(&mut self, field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<TemplateBuilder> {
        match &field.node.content {
            Content::Text(text) => self.string(text, &field.path, problems),
            Content::List(_) => {
                let items: Vec<_> = field.list(problems)?.iter().map(|item| self.build(item, problems)).collect();
                items.into_iter().collect::<Option<_>>().map(TemplateBuilder::list)
            }
            Content::Map(_) => {
                let fields = field.fields(problems)?;
                let built: Vec<_> =
                    fields.iter().map(|(key, value)| Some((key.to_owned(), self.build(&value, problems)?))).collect();
                built.into_iter().collect::<Option<_>>().map(TemplateBuilder::map)
            }
            _ => Some(TemplateBuilder::literal(field.node.to_json())),
        }
    }

    fn string(&mut self, text: &Text, path: &str, problems: &mut Problems<'_>) -> Option<TemplateBuilder> {
        let mut reading = Reading::default();
        let parsed = Parsed::string(&text.value, &mut reading);
        if !self.accept(text, path, &reading, problems) {
            return None;
        }
        let built = parsed.and_then(|parsed| TemplateBuilder::string(&text.value, parsed).map_err(|error| refused(&error)));
        built.map_err(|mistake| report(&mistake, text, path, problems)).ok()
    }

    /// The bare expression at `field`; `true` and `false` may stand there as they are.
    pub fn bare(&mut self, field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Expression> {
        if let Content::Bool(value) = field.node.content {
            return Expression::compile(&value.to_string()).ok();
        }
        let text = field.text_as(problems, "an expression")?;
        let mut reading = Reading::default();
        let parsed = Parsed::bare(&text.value, &mut reading);
        if !self.accept(text, &field.path, &reading, problems) {
            return None;
        }
        let built = parsed.and_then(|()| Expression::compile(&text.value).map_err(|error| refused(&error)));
        built.map_err(|mistake| report(&mistake, text, &field.path, problems)).ok()
    }

    /// Reports what is wrong with what a string reads; false when anything is.
    fn accept(&mut self, text: &Text, path: &str, reading: &Reading, problems: &mut Problems<'_>) -> bool {
        let mut fine = reading.mistakes.is_empty();
        for mistake in &reading.mistakes {
            report(mistake, text, path, problems);
        }
        for mention in &reading.mentions {
            if let Err(found) = self.allowed(mention) {
                problems.add_inside(text, mention.offset, path, found);
                fine = false;
            }
        }
        for call in &reading.status_calls {
            self.asks_status = true;
            if !self.status_functions {
                let found =
                    Found::new("unknown_function", format!("`{}()` can be called only in the `if` of a step", call.name));
                problems.add_inside(text, call.offset, path, found);
                fine = false;
            }
        }
        fine
    }

    /// The `if` of a step, and whether it calls a status function.
    pub fn condition(&mut self, field: &Cursor<'_>, problems: &mut Problems<'_>) -> (Option<Expression>, bool) {
        self.status_functions = true;
        self.asks_status = false;
        let condition = self.bare(field, problems);
        self.status_functions = false;
        (condition, self.asks_status)
    }

    fn allowed(&mut self, mention: &Mention) -> Result<(), Found> {
        let root = mention.root.as_str();
        if self.answer {
            let found = || Found::new("unknown_name", format!("there is no name `{}` here", shorten(root)));
            return if ANSWER_FIELDS.contains(&root) {
                Ok(())
            } else {
                Err(found()
                    .hint("this is asked of the answer: it sees status, headers and body")
                    .meant(nearest(root, ANSWER_FIELDS)))
            };
        }
        match (self.outside, root) {
            (Some(_), "workflow" | "secrets") | (None, _) => {}
            (Some(names), root) if names.contains(&root) => return Ok(()),
            (Some(names), root) => {
                let found = Found::new("unknown_name", format!("there is no name `{}` here", shorten(root)));
                return Err(found.hint(format!("there is no execution yet: expressions see {}", names.join(", "))));
            }
        }
        self.reads.trigger |= matches!(root, "inputs" | "trigger");
        match root {
            "inputs" => self.input(mention, 0),
            "trigger" if mention.fields.first().is_some_and(|field| field == "body") => self.input(mention, 1),
            "trigger" => field(mention, 0, &TRIGGER_FIELDS).map_err(|found| trigger_hint(found, mention)),
            "workflow" => field(mention, 0, &WORKFLOW_FIELDS),
            "execution" => field(mention, 0, &EXECUTION_FIELDS),
            "error" if self.error => field(mention, 0, &ERROR_FIELDS),
            "error" => {
                let found = Found::new("unknown_name", "`error` exists only in `retry_if` and in the steps of `catch`");
                Err(found.hint("a later step reads a failure as `steps.<id>.error`"))
            }
            "secrets" => self.secret(mention),
            "steps" => self.step(mention),
            "item" if self.turn == Some(Turn::Item) => Ok(()),
            "last" if self.turn == Some(Turn::Last) => Ok(()),
            "index" if self.turn.is_some() => Ok(()),
            "item" => Err(Found::new("unknown_name", "`item` exists only in a step with `for_each`")),
            "last" => Err(Found::new("unknown_name", "`last` exists only in a step with `while`")),
            "index" => Err(Found::new("unknown_name", "`index` exists only in a step with `for_each` or `while`")),
            _ => Err(self.unknown(root)),
        }
    }

    /// The field number `place` of a mention is a field of the input.
    fn input(&self, mention: &Mention, place: usize) -> Result<(), Found> {
        let (Some(fields), Some(name)) = (&self.world.inputs, mention.fields.get(place)) else { return Ok(()) };
        if fields.contains(&name.as_str()) {
            return Ok(());
        }
        let near = nearest(name, fields.iter().copied()).map(|near| format!("inputs.{near}"));
        let found = Found::new("unknown_name", format!("`inputs` allows no field `{}`", shorten(name)));
        Err(found.hint(format!("it has {}", fields.join(", "))).meant(near.as_deref()))
    }

    fn unknown(&self, root: &str) -> Found {
        let found = Found::new("unknown_name", format!("there is no name `{}` here", shorten(root)));
        if self.world.graph.index(root).is_some() {
            return found.hint(format!("did you mean `steps.{root}.output`?"));
        }
        if TRIGGER_FIELDS.contains(&root) {
            return found.hint(format!("did you mean `trigger.{root}`?"));
        }
        found.hint(format!("expressions see {}", NAMES[..5].join(", "))).meant(nearest(root, NAMES))
    }

    fn secret(&mut self, mention: &Mention) -> Result<(), Found> {
        if !self.secrets {
            let found = Found::new(
                "secret_not_allowed",
                "secrets can be read only where a request carries them: in the URL, headers, query, body and `auth` of an http.request \
                 step, and in the `auth` of a trigger",
            );
            return Err(found.hint("use the secret there, or a credential"));
        }
        let Some(name) = mention.fields.first() else {
            return Err(Found::new("unknown_name", "secrets are read one by one").hint("write `secrets.NAME`"));
        };
        self.used_secrets.insert(name.as_str().into());
        Ok(())
    }

    fn step(&mut self, mention: &Mention) -> Result<(), Found> {
        if self.arrival {
            let found = Found::new("not_a_dependency", "this is read before any step has run");
            return Err(found.hint("it may read `trigger`, `inputs`, `workflow` and `execution`"));
        }
        let Some(id) = mention.fields.first() else {
            return Err(Found::new("unknown_name", "steps are read one by one").hint("write `steps.<id>.output`"));
        };
        let Some(read) = self.world.graph.index(id) else {
            let near = nearest(id, self.world.graph.ids()).map(|near| format!("steps.{near}"));
            return Err(Found::new("unknown_step", format!("there is no step `{}`", shorten(id))).meant(near.as_deref()));
        };
        if mention.fields.get(1).is_some_and(|field| field == RESUME_URL) {
            return self.resume_url(id);
        }
        field(mention, 1, &STEP_FIELDS).map_err(|found| output_hint(found, mention))?;
        if mention.fields.get(1).is_some_and(|field| field == "error") {
            field(mention, 2, &ERROR_FIELDS)?;
        }
        if mention.fields.get(1).is_none_or(|field| field == "output") {
            self.reads.outputs.insert(read);
        }
        self.order(id, read)
    }

    /// The resume address of a step. Whoever knows it may resume, so it may stand only where secrets may; the step need not have
    /// begun.
    fn resume_url(&mut self, id: &str) -> Result<(), Found> {
        if !self.world.events.contains(id) {
            let found = Found::new("unknown_name", format!("`steps.{id}` has no field `{RESUME_URL}`"));
            return Err(found.hint("only a `wait` step with `event` has a resume address"));
        }
        if !self.secrets && !self.resume_urls {
            let found = Found::new("secret_not_allowed", "whoever knows a resume address may resume: it is a secret");
            return Err(found.hint("use it directly where the request is made"));
        }
        self.used_secrets.insert(resume_url_name(id).into());
        Ok(())
    }

    fn order(&self, id: &str, read: StepIndex) -> Result<(), Found> {
        let Some(step) = self.step else { return Ok(()) };
        if step == read {
            return Err(Found::new("not_a_dependency", format!("the step reads its own result, `steps.{id}`")));
        }
        if self.world.graph.follows(step, read) {
            return Ok(());
        }
        let found = Found::new("not_a_dependency", format!("the step reads `steps.{id}` without waiting for it"));
        if self.world.graph.follows(read, step) {
            return Err(found.hint(format!("`{id}` waits for this step, so this step can't wait for `{id}`")));
        }
        Err(found.hint(format!("add `{id}` to depends_on")))
    }
}

/// Checks the field number `place` of a mention against the ones that exist.
fn field(mention: &Mention, place: usize, known: &[&'static str]) -> Result<(), Found> {
    let Some(name) = mention.fields.get(place) else { return Ok(()) };
    if known.contains(&name.as_str()) {
        return Ok(());
    }
    let owner = std::iter::once(mention.root.as_str())
        .chain(mention.fields[..place].iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(".");
    let found = Found::new("unknown_name", format!("`{owner}` has no field `{}`", shorten(name)));
    let near = nearest(name, known.iter().copied()).map(|near| format!("{owner}.{near}"));
    Err(found.hint(format!("it has {}", known.join(", "))).meant(near.as_deref()))
}

fn trigger_hint(found: Found, mention: &Mention) -> Found {
    let near = found.suggestion.as_ref().is_some_and(|suggestion| suggestion.starts_with("did you mean"));
    if near { found } else { found.hint(format!("did you mean `trigger.body.{}`?", mention.fields.join("."))) }
}

fn output_hint(found: Found, mention: &Mention) -> Found {
    let near = found.suggestion.as_ref().is_some_and(|suggestion| suggestion.starts_with("did you mean"));
    let (id, rest) = (&mention.fields[0], mention.fields[1..].join("."));
    if near { found } else { found.hint(format!("did you mean `steps.{id}.output.{rest}`?")) }
}

fn refused(error: &minijinja::Error) -> Mistake {
    Mistake { range: 0..0, found: Found::new("expression_syntax", format!("the expression can't be compiled: {error}")) }
}

fn report(mistake: &Mistake, text: &Text, path: &str, problems: &mut Problems<'_>) {
    problems.add_inside(text, mistake.range.start, path, mistake.found.clone());
}
