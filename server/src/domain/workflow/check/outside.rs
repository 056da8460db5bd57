//! The `with` of `workflow.call` and `approval` steps.

use tidemill_common::api::workspace::Role;

use super::expressions::Context;
use super::ids;
use super::workflow::schema;
use crate::domain::workflow::document::{Content, Cursor, Found, Problems};
use crate::domain::workflow::expression::Template;
use crate::domain::workflow::plan::{Approval, Call, OnTimeout, Work};

/// The fields of a call's `with`.
pub(super) const CALL_FIELDS: [&str; 2] = ["workflow", "input"];
/// The fields of an approval's `with`.
pub(super) const APPROVAL_FIELDS: [&str; 6] = ["message", "role", "members", "form", "on_timeout", "on_reject"];

/// `workflow.call`: another workflow of the workspace, and its input.
pub(super) fn call(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &CALL_FIELDS, &[]);
    let input = fields.get("input").map(|field| context.template(&field, problems));
    let field = fields.required(problems, "workflow")?;
    let text = field.text(problems)?;
    let named = if text.value.contains("{{") || text.value.contains("{%") { None } else { Some(ids::id_at(&field, problems)?) };
    if named.is_some() && named.as_deref() == context.world.own_id {
        let found = Found::new("cycle", "a workflow can't call itself");
        field.report(problems, found.hint("use `while` or `for_each`, or call another workflow"));
        return None;
    }
    let workflow = context.template(&field, problems)?;
    Some(Work::Call(Call { workflow, named, input: input.map_or(Some(None), |input| input.map(Some))? }))
}

/// `approval`: what is asked, and who may answer.
pub(super) fn approval(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &APPROVAL_FIELDS, &[]);
    let message = fields.required(problems, "message").and_then(|field| {
        field.text(problems)?;
        context.template(&field, problems)
    });
    let role = match fields.get("role") {
        Some(field) => Some(role(field.word(problems, &["admin", "editor", "viewer"])?)),
        None => None,
    };
    let members = match fields.get("members") {
        Some(field) => Some(members(&field, context, problems)?),
        None => None,
    };
    let form = match fields.get("form") {
        Some(field) => Some(schema(&field, "form", problems)?),
        None => None,
    };
    let on_timeout =
        fields.get("on_timeout").map_or(Some("fail"), |field| field.word(problems, &["approve", "reject", "fail"]));
    let on_reject = fields.get("on_reject").map_or(Some("fail"), |field| field.word(problems, &["fail", "continue"]));
    let on_timeout = match on_timeout? {
        "approve" => OnTimeout::Approve,
        "reject" => OnTimeout::Reject,
        _ => OnTimeout::Fail,
    };
    Some(Work::Approval(Approval { message: message?, role, members, form, on_timeout, goes_on: on_reject? == "continue" }))
}

fn role(word: &str) -> Role {
    match word {
        "admin" => Role::Admin,
        "viewer" => Role::Viewer,
        _ => Role::Editor,
    }
}

/// A list of texts, or an expression that gives one.
fn members(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Template> {
    if let Content::List(_) = field.node.content {
        let items = field.list(problems)?;
        if items.is_empty() {
            field
                .report(problems, Found::new("missing_field", "`members` names nobody").hint("leave it out, or name somebody"));
            return None;
        }
        for item in items {
            item.text_as(problems, "a member's name or e-mail address")?;
        }
    } else if !field.text_as(problems, "a list of members, or an expression that gives one")?.value.contains("{{") {
        field.report(problems, Found::new("wrong_type", "`members` must be a list").hint("write [ana@example.org]"));
        return None;
    }
    context.template(field, problems)
}
