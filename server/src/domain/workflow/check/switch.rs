//! `switch` steps: which steps a value chooses.

use std::collections::HashMap;
use std::sync::Arc;

use super::expressions::{Context, World};
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::plan::{StepIndex, Switch, Work};

/// The fields of a switch's `with`.
pub(super) const FIELDS: [&str; 3] = ["value", "cases", "default"];

/// The ids that the `with` of a switch names, as far as it can be read.
pub(super) fn named<'a>(with: &Cursor<'a>) -> Vec<&'a str> {
    let entry = |owner: &Cursor<'a>, key: &str| -> Option<Cursor<'a>> {
        let Content::Map(entries) = &owner.node.content else { return None };
        let entry = entries.iter().find(|entry| entry.key == key)?;
        Some(Cursor { node: &entry.value, path: String::new() })
    };
    let mut lists: Vec<_> = entry(with, "default").map(|list| list.node).into_iter().collect();
    if let Some(Content::Map(cases)) = entry(with, "cases").map(|cases| &cases.node.content) {
        lists.extend(cases.iter().map(|case| &case.value));
    }
    let mut ids = Vec::new();
    for list in lists {
        let Content::List(items) = &list.content else { continue };
        ids.extend(items.iter().filter_map(|item| match &item.content {
            Content::Text(text) => Some(text.value.as_str()),
            _ => None,
        }));
    }
    ids
}

/// `switch`: a value, and the steps of each case.
pub(super) fn switch(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let value = fields.required(problems, "value").and_then(|field| context.template(&field, problems));
    let branches = Branches { step: context.step?, world: context.world };
    let cases = fields.required(problems, "cases").and_then(|field| branches.cases(&field.fields(problems)?, &field, problems));
    let default = fields.get("default").map_or_else(|| Some(Vec::new()), |field| branches.steps(&field, problems));
    Some(Work::Switch(Switch { value: value?, cases: cases?, default: default? }))
}

struct Branches<'w> {
    step: StepIndex,
    world: &'w World<'w>,
}

impl Branches<'_> {
    fn cases(
        &self,
        fields: &Fields<'_>,
        field: &Cursor<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<HashMap<Arc<str>, Vec<StepIndex>>> {
        let cases: Vec<_> =
            fields.iter().map(|(value, steps)| Some((Arc::from(value), self.steps(&steps, problems)?))).collect();
        if cases.is_empty() {
            field
                .report(problems, Found::new("missing_field", "a switch needs at least one case").hint("write {gold: [step]}"));
            return None;
        }
        cases.into_iter().collect()
    }

    /// The steps of a list of ids. Each must wait for the switch, or it would have begun before anything was chosen.
    fn steps(&self, list: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Vec<StepIndex>> {
        let steps: Vec<_> = list.list(problems)?.iter().map(|item| self.step(item, problems)).collect();
        steps.into_iter().collect()
    }

    fn step(&self, item: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<StepIndex> {
        let id = &item.text_as(problems, "the id of a step")?.value;
        let graph = self.world.graph;
        let Some(target) = graph.index(id) else {
            let found = Found::new("unknown_step", format!("there is no step `{}`", shorten(id)));
            item.report(problems, found.meant(nearest(id, graph.ids())));
            return None;
        };
        if graph.depends_on(target).contains(&self.step) {
            return Some(target);
        }
        let found = Found::new("not_a_dependency", format!("`{id}` doesn't wait for this switch"));
        item.report(problems, found.hint(format!("add the switch to the depends_on of `{id}`")));
        None
    }
}
