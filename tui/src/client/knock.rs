//! Knocking: a connection and nothing more, so that who waits for a server goes on as soon as it takes connections again.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Client;
use super::backoff::random_share;

/// Between two knocks: from half of this to the whole, so that many who wait don't knock together.
const PAUSE: Duration = Duration::from_millis(700);
/// A knock that nobody answers for so long was in vain.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until the server of `client` takes connections.
pub(super) async fn answered(client: &Client) {
    let (host, port) = client.door();
    loop {
        sleep(PAUSE.mul_f64(0.5 + random_share() / 2.0)).await;
        if matches!(timeout(PATIENCE, TcpStream::connect((host, port))).await, Ok(Ok(_))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
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
}
