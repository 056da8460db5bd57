//! The `steps` of a workflow.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tidemill_common::limits::{WAIT_SECONDS, WORKFLOW_STEPS};
use tidemill_common::step_protocol::Language;

use super::expressions::{Context, World};
use super::graph::Graph;
use super::{code, http, ids, outside, repeat, responds, retry, send, switch, waits};
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Place, Problems, nearest, shorten};
use crate::domain::workflow::plan::{Effect, OnError, RESPOND, Retry, Step, StepIndex, Work};

/// The fields of a step.
pub(super) const FIELDS: [&str; 12] =
    ["id", "name", "uses", "depends_on", "if", "for_each", "while", "with", "retry", "timeout", "on_error", "effect"];
/// Fields that come with later versions.
const LATER: [&str; 2] = ["runtime", "cache"];
/// What a step can do.
pub(super) const USES: [&str; 13] = [
    "transform",
    "http.request",
    "email.send",
    "webhook.send",
    "python",
    "javascript",
    "sql",
    "switch",
    "wait",
    "approval",
    "workflow.call",
    "fail",
    RESPOND,
];
/// What reaches the outside, each time in a way by which the other side knows a repetition.
const SENDS: [&str; 3] = ["http.request", "email.send", "webhook.send"];
/// How long an attempt may take when the file doesn't say.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// How long an attempt may take at most.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);
/// How long a step may wait for something outside at most, and does when the file doesn't say.
const LONGEST_WAIT: Duration = Duration::from_secs(WAIT_SECONDS);

/// A step whose id and place in the graph are read.
pub(super) struct Draft<'a> {
    id: Option<Arc<str>>,
    fields: Fields<'a>,
    cursor: Cursor<'a>,
}

impl Draft<'_> {
    /// Whether it is a step of this type.
    fn uses(&self, word: &str) -> bool {
        let uses = self.fields.get("uses").map(|uses| &uses.node.content);
        matches!(uses, Some(Content::Text(text)) if text.value == word)
    }
}

/// The steps of the file, and behind them those of `catch`.
pub(super) struct Lists<'a> {
    steps: Vec<Cursor<'a>>,
    /// Where those of `catch` begin.
    pub catch_from: StepIndex,
}

/// Reads the two lists.
pub(super) fn lists<'a>(steps: &Cursor<'a>, catch: Option<&Cursor<'a>>, problems: &mut Problems<'_>) -> Option<Lists<'a>> {
    let mut items = items(steps, problems)?;
    let catch_from = items.len();
    if let Some(catch) = catch {
        items.extend(self::items(catch, problems)?);
    }
    if items.len() > WORKFLOW_STEPS {
        let message = format!("a workflow may have {WORKFLOW_STEPS} steps; this one has {}", items.len());
        steps.report(problems, Found::new("too_many", message).hint("split the workflow"));
        return None;
    }
    Some(Lists { steps: items, catch_from })
}

fn items<'a>(list: &Cursor<'a>, problems: &mut Problems<'_>) -> Option<Vec<Cursor<'a>>> {
    let items = list.list(problems)?;
    if items.is_empty() {
        list.report(problems, Found::new("missing_field", format!("`{}` needs at least one step", list.path)));
        return None;
    }
    Some(items)
}

/// Reads ids and dependencies of all steps.
pub(super) fn outline<'a>(lists: &Lists<'a>, problems: &mut Problems<'_>) -> Option<(Vec<Draft<'a>>, Graph)> {
    let drafts: Vec<Option<Draft<'a>>> = lists.steps.iter().map(|cursor| draft(cursor.clone(), problems)).collect();
    let drafts: Vec<Draft<'a>> = drafts.into_iter().collect::<Option<_>>()?;
    let places = distinct_ids(&drafts, problems);
    let switched = switched(&drafts);
    let outline = Outline { places: &places, switched: &switched, catch_from: lists.catch_from };
    let depends_on = drafts.iter().enumerate().map(|(index, draft)| outline.depends_on(index, draft, problems)).collect();
    let graph = Graph::new(places, depends_on, lists.catch_from);
    report_cycles(&drafts, &graph, problems);
    Some((drafts, graph))
}

fn draft<'a>(cursor: Cursor<'a>, problems: &mut Problems<'_>) -> Option<Draft<'a>> {
    let fields = cursor.fields(problems)?;
    fields.expect(problems, &FIELDS, &LATER);
    Some(Draft { id: ids::id(&fields, problems), fields, cursor })
}

fn distinct_ids(drafts: &[Draft<'_>], problems: &mut Problems<'_>) -> HashMap<Arc<str>, StepIndex> {
    let mut places: HashMap<Arc<str>, StepIndex> = HashMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let (Some(id), Some(field)) = (&draft.id, draft.fields.get("id")) else { continue };
        if let Some(first) = places.get(id) {
            let Place { line, .. } = drafts[*first].cursor.place();
            let message = format!("two steps have the id `{id}`; the first is in line {line}");
            field.report(problems, Found::new("duplicate_id", message));
        } else {
            places.insert(id.clone(), index);
        }
    }
    places
}

/// The switches that name a step, by its id.
fn switched<'a>(drafts: &[Draft<'a>]) -> HashMap<&'a str, Vec<StepIndex>> {
    let mut found: HashMap<&str, Vec<StepIndex>> = HashMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let Some(with) = draft.fields.get("with").filter(|_| draft.uses("switch")) else { continue };
        for id in switch::named(&with) {
            let choosers = found.entry(id).or_default();
            if !choosers.contains(&index) {
                choosers.push(index);
            }
        }
    }
    found
}

/// The ids of the steps that wait for an event.
pub(super) fn events<'d>(drafts: &'d [Draft<'_>]) -> BTreeSet<&'d str> {
    let waits =
        |draft: &&Draft<'_>| draft.fields.get("with").is_some_and(|with| waits::awaits_event(&with)) && draft.uses("wait");
    drafts.iter().filter(waits).filter_map(|draft| draft.id.as_deref()).collect()
}

/// What is known before dependencies are read.
struct Outline<'o> {
    places: &'o HashMap<Arc<str>, StepIndex>,
    switched: &'o HashMap<&'o str, Vec<StepIndex>>,
    catch_from: StepIndex,
}

impl Outline<'_> {
    /// The steps that `draft` waits for: those it names, else the switches that name it, else the one before it.
    fn depends_on(&self, index: StepIndex, draft: &Draft<'_>, problems: &mut Problems<'_>) -> Vec<StepIndex> {
        let Some(field) = draft.fields.get("depends_on") else {
            let switches = draft.id.as_deref().and_then(|id| self.switched.get(id));
            let before = index.checked_sub(1).filter(|_| index != self.catch_from);
            return switches.cloned().unwrap_or_else(|| before.into_iter().collect());
        };
        let mut needed = Vec::new();
        for item in field.list(problems).unwrap_or_default() {
            let Some(text) = item.text_as(problems, "the id of a step") else { continue };
            match self.places.get(text.value.as_str()) {
                Some(place) if needed.contains(place) => {
                    item.report(problems, Found::new("duplicate_id", format!("`{}` stands here twice", text.value)));
                }
                Some(place) if (*place < self.catch_from) != (index < self.catch_from) => {
                    let message = format!("`{}` is in the other list; a step waits for steps of its own list", text.value);
                    let found = Found::new("not_a_dependency", message);
                    item.report(problems, found.hint("the steps of `catch` begin when all others have ended or are stopped"));
                }
                Some(place) => needed.push(*place),
                None => {
                    let near = nearest(&text.value, self.places.keys().map(|id| &**id));
                    let found = Found::new("unknown_step", format!("there is no step `{}`", shorten(&text.value)));
                    item.report(problems, found.meant(near));
                }
            }
        }
        needed
    }
}

fn report_cycles(drafts: &[Draft<'_>], graph: &Graph, problems: &mut Problems<'_>) {
    for cycle in graph.cycles() {
        let name = |step: &StepIndex| drafts[*step].id.as_deref().unwrap_or("?");
        let way: Vec<&str> = cycle.iter().chain(cycle.first()).map(name).collect();
        let draft = &drafts[cycle[0]];
        let field = draft.fields.get("depends_on").unwrap_or_else(|| draft.cursor.clone());
        let found = Found::new("cycle", format!("these steps wait for each other: {}", way.join(" → ")));
        field.report(problems, found.hint("remove one of these dependencies"));
    }
}

/// Reads everything else of every step.
pub(super) fn finish(drafts: &[Draft<'_>], world: &World<'_>, problems: &mut Problems<'_>) -> Option<Vec<Step>> {
    let mut dependents = world.graph.dependents();
    let steps: Vec<Option<Step>> = drafts
        .iter()
        .enumerate()
        .map(|(index, draft)| {
            step(index, draft, world, problems).map(|step| Step { dependents: std::mem::take(&mut dependents[index]), ..step })
        })
        .collect();
    steps.into_iter().collect()
}

fn step(index: StepIndex, draft: &Draft<'_>, world: &World<'_>, problems: &mut Problems<'_>) -> Option<Step> {
    let fields = &draft.fields;
    let mut context = Context::new(world, Some(index));
    context.error = world.graph.is_catch(index);
    let name = fields.get("name").and_then(|field| field.text(problems)).map(|text| text.value.clone());
    let (condition, asks_status) = fields.get("if").map_or((None, false), |field| context.condition(&field, problems));
    let uses = uses(fields, problems);
    let repeat = repeat::repeat(fields, &mut context, problems);
    let work = work(uses, draft, &mut context, problems);
    let retry = fields.get("retry").map_or_else(|| Some(Retry::never()), |field| retry::retry(&field, &mut context, problems));
    let timeout = timeout(fields, uses, problems);
    let on_error = fields.get("on_error").map_or(Some("fail"), |field| field.word(problems, &["fail", "continue"]));
    let effect = effect(fields, uses, problems);
    check_use(uses, fields, problems);
    check_repetition(effect, retry.as_ref(), fields, problems);
    Some(Step {
        id: draft.id.clone()?,
        name,
        uses: uses?,
        depends_on: world.graph.depends_on(index).to_vec(),
        dependents: Vec::new(),
        condition,
        asks_status,
        repeat: repeat?,
        work: work?,
        retry: retry?,
        timeout: timeout?,
        on_error: if on_error? == "continue" { OnError::Continue } else { OnError::Fail },
        effect: effect?,
        secrets: context.used_secrets.into_iter().collect(),
        credential: context.used_credential,
        reads: context.reads,
    })
}

fn uses(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<&'static str> {
    let field = fields.required(problems, "uses")?;
    let text = field.text(problems)?;
    let known = USES.iter().find(|word| **word == text.value).copied();
    if known.is_none() {
        let word = shorten(&text.value);
        let near = nearest(&text.value, USES);
        let later = near.is_none() && text.value.contains('.');
        let found = if later {
            Found::new("not_available", format!("`{word}` steps are not available in this version"))
        } else {
            Found::new("unknown_uses", format!("there is no step type `{word}`"))
        };
        field.report(problems, found.hint(format!("this version has {}", USES.join(", "))).meant(near));
    }
    known
}

/// The `with`. Of an unknown step type only the expressions are checked.
fn work(uses: Option<&str>, draft: &Draft<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let with = draft.fields.required(problems, "with")?;
    match uses {
        Some("transform") => waits::transform(&with, context, problems),
        Some("http.request") => http::work(&with, context, problems),
        Some("email.send") => send::email(&with, context, problems),
        Some("webhook.send") => send::webhook(&with, context, problems),
        Some(uses @ ("python" | "javascript" | "sql")) => code::work(Language::from_word(uses)?, &with, context, problems),
        Some("switch") => switch::switch(&with, context, problems),
        Some("wait") => waits::wait(&with, context, problems),
        Some("approval") => outside::approval(&with, context, problems),
        Some("workflow.call") => outside::call(&with, context, problems),
        Some(RESPOND) => responds::respond(&with, context, problems),
        Some(_) => waits::fail(&with, context, problems),
        None => {
            context.secrets = true;
            context.template(&with, problems);
            None
        }
    }
}

fn timeout(fields: &Fields<'_>, uses: Option<&str>, problems: &mut Problems<'_>) -> Option<Duration> {
    let waits = matches!(uses, Some("wait" | "approval" | "workflow.call"));
    let most = if waits { LONGEST_WAIT } else { LONGEST_TIMEOUT };
    match fields.get("timeout") {
        Some(field) => ids::duration(&field, problems, Duration::from_millis(1), most),
        None if waits => Some(LONGEST_WAIT),
        None => Some(TIMEOUT),
    }
}

fn effect(fields: &Fields<'_>, uses: Option<&str>, problems: &mut Problems<'_>) -> Option<Effect> {
    let Some(field) = fields.get("effect") else {
        return Some(if uses.is_some_and(|uses| SENDS.contains(&uses)) { Effect::Idempotent } else { Effect::Pure });
    };
    let word = field.word(problems, &["pure", "idempotent", "at_most_once"])?;
    Some(match word {
        "pure" => Effect::Pure,
        "idempotent" => Effect::Idempotent,
        _ => Effect::AtMostOnce,
    })
}

/// `retry` and `timeout` say nothing about steps that only wait, fail, choose or answer; one chooses and answers once, and a
/// resume address belongs to one wait.
fn check_use(uses: Option<&str>, fields: &Fields<'_>, problems: &mut Problems<'_>) {
    let event = fields.get("with").is_some_and(|with| waits::awaits_event(&with));
    let (uses, meaningless): (&str, &[&str]) = match uses {
        Some("wait") if event => ("wait for an event", &["retry", "for_each", "while", "effect"]),
        Some(uses @ ("wait" | "fail")) => (uses, &["retry", "timeout"]),
        Some(uses @ ("switch" | RESPOND)) => (uses, &["retry", "timeout", "for_each", "while"]),
        Some(uses @ "approval") => (uses, &["retry", "effect"]),
        Some(uses @ "workflow.call") => (uses, &["effect"]),
        _ => return,
    };
    for key in meaningless {
        if let Some(field) = fields.get(key) {
            field.report(
                problems,
                Found::new("conflict", format!("`{key}` has no meaning for a {uses} step")).hint("remove it"),
            );
        }
    }
}

fn check_repetition(effect: Option<Effect>, retry: Option<&Retry>, fields: &Fields<'_>, problems: &mut Problems<'_>) {
    let repeated = effect == Some(Effect::AtMostOnce) && retry.is_some_and(|retry| retry.max_attempts > 1);
    if let Some(field) = fields.get("retry").filter(|_| repeated) {
        let found = Found::new("conflict", "a step that is at_most_once is never repeated");
        field.report(problems, found.hint("remove `retry`, or make the effect idempotent"));
    }
}
