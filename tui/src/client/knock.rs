//! Knocking: a connection and nothing more, so that who waits for a server goes on as soon as it takes connections again.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Client;
use super::backoff::random_share;

/// Between two knocks: from half of this to the whole, so that many who wait don't knock together.
const PAUSE: Duration = Duration::from_millis(500);
/// A knock that nobody answers for so long was in vain.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until the server of `client` takes connections.
pub(super) async fn answered(client: &Client) {
    let door = client.door();
    let knock = || async { matches!(timeout(PATIENCE, TcpStream::connect(door)).await, Ok(Ok(_))) };
    until_answered(knock).await;
}

/// Knocks until one is answered. A knock that was swallowed on its way is silent for long after the way is open again: the next one
/// doesn't wait for its end.
async fn until_answered<F: Future<Output = bool>>(knock: impl Fn() -> F) {
    let mut waiting = FuturesUnordered::new();
    loop {
        let pause = sleep(PAUSE.mul_f64(0.5 + random_share() / 2.0));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                Some(answered) = waiting.next() => if answered { return },
            }
        }
        waiting.push(knock());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::net::TcpListener;

    use super::*;
    use crate::client::ClientConfig;

    #[tokio::test]
    async fn it_waits_until_somebody_opens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let config = ClientConfig { server: format!("http://{address}"), token: String::new(), workspace: None, ca: None };
        let client = Client::new(&config).unwrap();
        let waiting = tokio::spawn(async move { answered(&client).await });
        // Three knocks at least were in vain by then.
        sleep(PAUSE * 3).await;
        assert!(!waiting.is_finished());
        let _open = TcpListener::bind(address).await.unwrap();
        timeout(Duration::from_secs(30), waiting).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_knock_that_was_swallowed_holds_up_no_other() {
        let knocks = Cell::new(0);
        let knock = || {
            knocks.set(knocks.get() + 1);
            let nth = knocks.get();
            async move { if nth < 3 { pending().await } else { true } }
        };
        until_answered(knock).await;
        assert_eq!(knocks.get(), 3);
    }
}
