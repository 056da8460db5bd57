//! Twice as many deliveries as the server can take: what is accepted must stay quick, what is not must be refused at once.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::webhook_sync;
use crate::bench::connection::{Connection, Request};
use crate::bench::load::{Seen, Until, apart, joined};
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

/// How long a client of the overload may wait for an answer before its next request is late.
const SPACING: Duration = Duration::from_millis(400);

/// Connections at most: more than the server takes deliveries at once, fewer than it may open files.
const MOST_CONNECTIONS: u32 = 8000;

/// Not measured.
const WARM_UP: Duration = Duration::from_secs(1);

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let (clients, duration) = (stage.options.most_clients(), stage.options.duration);
    let (installed, delivery, events) = webhook_sync::install(stage).await?;
    stage.say(&format!("as much as goes: {clients} clients for {} s", duration.as_secs()));
    let full = stage.load(delivery.clone(), clients, Until::Elapsed(duration)).drive().await?;
    let rate = 2.0 * full.per_second();
    stage.say(&format!("{rate:.0} deliveries a second for {} s", duration.as_secs()));
    let address = stage.target.address.clone();
    let over = apart(async move { overload(&address, &delivery, rate, duration).await }).await?;
    stage.api().remove(&installed).await?;
    let bulk = stage.bulk(events).await?;
    let normal = full.latencies.percentile(99);
    let case = |name: String, seen: &Seen| {
        Case::new(name)
            .number("accepted_per_second", seen.per_second())
            .number("p50_ms", seen.latencies.percentile(50))
            .number("p99_ms", seen.latencies.percentile(99))
            .number("times_the_p99", seen.latencies.percentile(99) / normal)
            .count("refused", seen.refused.count())
            .number("refused_p99_ms", seen.refused.percentile(99))
            .count("without_retry_after", seen.without_when)
            .share("of_bulk", seen.per_second(), bulk)
    };
    let cases = vec![case(format!("saturated, {clients} clients"), &full), case(format!("twice that, {rate:.0}/s"), &over)];
    Ok(stage.section(bulk, cases))
}

/// Sends `rate` deliveries a second, whether or not answers come.
async fn overload(address: &str, delivery: &Request, rate: f64, duration: Duration) -> Result<Seen, Error> {
    let wanted = rate * SPACING.as_secs_f64();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the constants around it")]
    let connections = wanted.clamp(1.0, f64::from(MOST_CONNECTIONS)) as u32;
    let spacing = Duration::from_secs_f64(f64::from(connections) / rate);
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, connection) in (0..).zip(open) {
        let first = begin + spacing.mul_f64(f64::from(number) / f64::from(connections));
        tasks.spawn(client(connection, delivery.clone(), (first, spacing), (begin + WARM_UP, begin + WARM_UP + duration)));
    }
    let mut all = Seen { elapsed: duration, ..Seen::default() };
    joined(tasks).await?.iter().for_each(|seen| all.add(seen));
    Ok(all)
}

/// Sends at `first` and then every `spacing`; an answer that takes longer makes the next request late. Counts the answers
/// between `begin` and `end`.
async fn client(
    mut connection: Connection,
    delivery: Request,
    (first, spacing): (Instant, Duration),
    (begin, end): (Instant, Instant),
) -> Result<Seen, Error> {
    let (mut seen, mut next) = (Seen::default(), first);
    loop {
        tokio::time::sleep_until(next.into()).await;
        let sent = Instant::now();
        let answer = connection.send(&delivery).await?;
        let answered = Instant::now();
        if answered >= end {
            return Ok(seen);
        }
        if answered >= begin {
            seen.record(answer.status, answer.says_when, answered - sent);
        }
        next = (next + spacing).max(answered);
    }
}
