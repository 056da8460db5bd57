//! The end of the demonstration: every execution read back from the API and compared with what its sender was told.

use std::path::Path;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;
use tidemill_common::api::execution::ExecutionDetail;
use tidemill_common::api::trigger::DeliveryView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::ExecutionStatus;

use super::feed::Seen;
use crate::cli::output::{self, Printer, Tone};
use crate::cli::{Error, Exit};
use crate::client::Client;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// How many deliveries were sent and answered.
    deliveries: usize,
    /// How many executions succeeded and were read back.
    succeeded: usize,
    /// How many calls the workflow made to the tracker.
    tracker_calls: u32,
    /// How many events the executions have in all.
    events: i32,
    /// Median time from admission to the end, in milliseconds.
    median_ms: i64,
    /// From the server's first start to the end of the first execution, in milliseconds.
    first_execution_ms: u64,
    /// What was not as it should be.
    faults: Vec<String>,
}

impl Summary {
    /// Reads each execution back.
    pub async fn read(
        client: &Client,
        deliveries: Vec<DeliveryView>,
        seen: &Seen,
        tracker_calls: u32,
        first: Duration,
    ) -> Result<Self, Error> {
        let checks = try_join_all(deliveries.iter().map(|delivery| check(client, delivery, seen))).await?;
        let mut durations: Vec<_> = checks.iter().filter_map(|(whole, _)| whole.execution.duration_ms).collect();
        durations.sort_unstable();
        let mut ids: Vec<_> = deliveries.iter().map(|delivery| delivery.execution_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut faults: Vec<_> = checks.iter().flat_map(|(_, faults)| faults.iter().cloned()).collect();
        if ids.len() != deliveries.len() {
            faults.push(format!("{} deliveries started {} executions", deliveries.len(), ids.len()));
        }
        if usize::try_from(tracker_calls).unwrap_or_default() != deliveries.len() {
            faults.push(format!("{} deliveries led to {tracker_calls} calls of the tracker", deliveries.len()));
        }
        Ok(Self {
            deliveries: deliveries.len(),
            succeeded: checks.iter().filter(|(_, faults)| faults.is_empty()).count(),
            tracker_calls,
            events: checks.iter().map(|(whole, _)| whole.execution.last_seq).sum(),
            median_ms: durations.get(durations.len() / 2).copied().unwrap_or_default(),
            first_execution_ms: u64::try_from(first.as_millis()).unwrap_or(u64::MAX),
            faults,
        })
    }

    /// Prints it, with what to do next.
    pub fn print(&self, printer: &Printer, kept: Option<&Path>) -> Result<Exit, Error> {
        match printer.document(self) {
            Some(text) => output::write(&text)?,
            None => output::write(&self.text(printer, kept))?,
        }
        Ok(if self.faults.is_empty() { Exit::Ok } else { Exit::Failure })
    }

    fn text(&self, printer: &Printer, kept: Option<&Path>) -> String {
        let tone = if self.faults.is_empty() { Tone::Good } else { Tone::Bad };
        let verdict = format!("{} of {} executions succeeded and were read back", self.succeeded, self.deliveries);
        let mut lines = vec![String::new(), printer.paint.paint(tone, &verdict)];
        lines.push(format!(
            "  {} events, {} calls of the tracker, {} ms from admission to the end (median)",
            self.events, self.tracker_calls, self.median_ms
        ));
        let seconds = Duration::from_millis(self.first_execution_ms).as_secs_f32();
        lines.push(format!("  {seconds:.1} s from the first start to the end of the first execution"));
        lines.extend(self.faults.iter().map(|fault| format!("  {} {fault}", printer.paint.paint(Tone::Bad, "fault:"))));
        lines.push(String::new());
        lines.extend(next_steps(kept));
        lines.join("\n") + "\n"
    }
}

fn next_steps(kept: Option<&Path>) -> Vec<String> {
    match kept {
        Some(dir) => {
            let dir = dir.display();
            vec![
                "Look at it in the front end: start the server again, then open it.".to_owned(),
                format!("  tidemill serve --data-dir {dir}"),
                format!("  tidemill tui --data-dir {dir}"),
            ]
        }
        None => vec![
            "Everything was removed again. To look at it in the front end:".to_owned(),
            "  tidemill demo --data-dir ./demo".to_owned(),
            "  tidemill serve --data-dir ./demo/data".to_owned(),
            "  tidemill tui --data-dir ./demo/data        (in another terminal)".to_owned(),
        ],
    }
}

/// The execution of `delivery` as the API has it now, and what is wrong with it.
async fn check(client: &Client, delivery: &DeliveryView, seen: &Seen) -> Result<(ExecutionDetail, Vec<String>), Error> {
    let id = delivery.execution_id;
    let whole = client.execution(id).await?;
    let events = count_events(client, id).await?;
    let faults = faults(&whole, delivery, events, seen.ended.get(&id).copied());
    Ok((whole, faults.into_iter().map(|fault| format!("{}: {fault}", id.short())).collect()))
}

async fn count_events(client: &Client, id: ExecutionId) -> Result<i32, Error> {
    let (mut last, mut after) = (0, Some(0));
    while let Some(seq) = after {
        let page = client.execution_events(id, seq, Some(PAGE_ITEMS)).await?;
        for event in &page.items {
            if event.seq != last + 1 {
                return Err(Error::Demo(format!("execution {id}: event {} follows event {last}", event.seq)));
            }
            last = event.seq;
        }
        after = page.next_after;
    }
    Ok(last)
}

fn faults(whole: &ExecutionDetail, delivery: &DeliveryView, events: i32, shown: Option<ExecutionStatus>) -> Vec<String> {
    let execution = &whole.execution;
    let mut faults = Vec::new();
    if execution.status != ExecutionStatus::Succeeded {
        faults.push(format!("it is {}: {}", execution.status, execution.error.as_deref().unwrap_or("no reason given")));
    }
    if shown != Some(execution.status) {
        faults.push("the feed showed another end".to_owned());
    }
    if events != execution.last_seq {
        faults.push(format!("it has {events} events, but its newest is {}", execution.last_seq));
    }
    if delivery.duplicate {
        faults.push("its delivery was taken for a repeated one".to_owned());
    }
    // Without an output the sender was answered before the end, which is allowed when it takes long.
    if delivery.output.is_some() && delivery.output != whole.output {
        faults.push("its sender was told another output".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn detail(status: &str) -> ExecutionDetail {
        serde_json::from_value(json!({
            "id": "01990000-0000-7000-8000-000000000001", "workflow_id": "push-triage", "version": 1, "status": status,
            "trigger_type": "webhook", "created_at": "2026-01-01T00:00:00Z", "last_seq": 5, "input": {}, "steps": [], "output": {"lane": "docs"}
        }))
        .unwrap()
    }

    fn delivery(output: &serde_json::Value) -> DeliveryView {
        serde_json::from_value(json!({
            "execution_id": "01990000-0000-7000-8000-000000000001", "status": "succeeded", "duplicate": false, "url": "/x", "output": output
        }))
        .unwrap()
    }

    #[test]
    fn only_what_agrees_everywhere_is_without_fault() {
        let good = delivery(&json!({"lane": "docs"}));
        let succeeded = Some(ExecutionStatus::Succeeded);
        assert_eq!(faults(&detail("succeeded"), &good, 5, succeeded), Vec::<String>::new());
        assert_eq!(faults(&detail("failed"), &good, 5, Some(ExecutionStatus::Failed)).len(), 1);
        assert_eq!(faults(&detail("succeeded"), &good, 4, succeeded).len(), 1);
        assert_eq!(faults(&detail("succeeded"), &good, 5, None).len(), 1);
        assert_eq!(faults(&detail("succeeded"), &delivery(&json!({"lane": "review"})), 5, succeeded).len(), 1);
    }
}
