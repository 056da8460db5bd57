//! One line of the dashboard: what the plan allows, how the nodes are, how well code is locked up.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use tidemill_common::api::quota::UsedView;

use super::pane::{plain, put, put_right, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::data::PlanFacts;
use crate::app::state::State;
use crate::app::state::listing::{full_at, nodes_summary, ratio};

/// Width of the bar.
const BAR: usize = 10;

/// Draws the line.
pub fn draw(buf: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    if let Some(facts) = &state.plan {
        put(buf, area, 0, quota(state, facts, theme));
    }
    let mut right = vec![plain("  ")];
    if let Some(list) = &state.nodes {
        let (token, words) = nodes_summary(list);
        right.extend([span(theme, token, words), span(theme, Token::Muted, " (gn)  ")]);
    }
    let (token, words) = sandbox(state);
    right.extend([span(theme, token, words), plain(" ")]);
    put_right(buf, area, 0, right);
}

fn sandbox(state: &State) -> (Token, String) {
    let Some(facts) = &state.server else { return (Token::Muted, String::new()) };
    match &facts.health.sandbox {
        Some(sandbox) if !sandbox.available => (Token::Err, "code steps are refused (8)".to_owned()),
        Some(sandbox) => (Token::Muted, format!("sandbox {}", sandbox.level.as_str())),
        None => (Token::Warn, "sandbox unknown (8)".to_owned()),
    }
}

/// The metric of which the greatest share is used.
fn tightest(facts: &PlanFacts) -> Option<(&UsedView, f64)> {
    let shares = facts.quota.items.iter().filter_map(|used| Some((used, ratio(used.used, used.limit?))));
    shares.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

fn quota(state: &State, facts: &PlanFacts, theme: Theme) -> Vec<Span<'static>> {
    let plan = span(theme, Token::Muted, format!(" plan {} ", facts.quota.plan));
    let Some((used, share)) = tightest(facts) else {
        return vec![plan, span(theme, Token::Muted, "without limits (gq)")];
    };
    let full = full_at(&facts.quota, used, state.now).filter(|full| used.metric.resets() && *full < facts.quota.period_end);
    let token = match (share, full) {
        (1.0.., _) => Token::Err,
        (0.8.., _) | (_, Some(_)) => Token::Warn,
        _ => Token::Ok,
    };
    let bar = text::bar(share, BAR, theme.pick(["▓", "░"], ["#", "."]));
    let mut spans = vec![
        plan,
        span(theme, Token::Head, format!(" {} ", used.metric.as_str().replace('_', " "))),
        span(theme, token, format!("{bar} {:.0}%", share * 100.0)),
    ];
    let note = match full {
        Some(full) if share < 1.0 => format!("  full {}", full.format("%-d %b")),
        _ => String::new(),
    };
    spans.push(span(theme, Token::Warn, note));
    spans.push(span(theme, Token::Muted, " (gq)"));
    spans
}
