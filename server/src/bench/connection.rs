//! One keep-alive connection that speaks just enough HTTP/1.1 (RFC 9112) to count answers.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Error;

/// A request, written once and sent many times.
#[derive(Debug, Clone)]
pub(super) struct Request {
    bytes: Vec<u8>,
    /// Method and path, for messages.
    pub(super) name: String,
}

impl Request {
    /// A request with a body of `media_type`; `headers` are whole lines with CRLF.
    pub(super) fn new(address: &str, target: (&str, &str), headers: &str, body: &[u8]) -> Self {
        let (method, path) = target;
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\n\r\n");
        Self { bytes: [head.as_bytes(), body].concat(), name: format!("{method} {path}") }
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    /// Whether it says when to come back (`Retry-After`, RFC 9110 §10.2.3).
    pub(super) says_when: bool,
    /// The body.
    pub(super) body: &'a [u8],
}

/// The head of an answer, once it is whole.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    /// Its length in bytes.
    length: usize,
    status: u16,
    says_when: bool,
    /// The length of the body.
    body: usize,
}

/// A connection with its buffer.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    address: String,
}

impl Connection {
    /// Connects to `address` (`host:port`).
    pub(super) async fn open(address: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await.map_err(|source| broken(address, source))?;
        stream.set_nodelay(true).map_err(|source| broken(address, source))?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), address: address.to_owned() })
    }

    /// Sends `request` and reads the answer.
    pub(super) async fn send(&mut self, request: &Request) -> Result<Answer<'_>, Error> {
        self.stream.write_all(&request.bytes).await.map_err(|source| broken(&self.address, source))?;
        self.buffer.clear();
        let Head { length, status, says_when, body } = loop {
            self.fill().await?;
            if let Some(head) = parse_head(&self.buffer)? {
                break head;
            }
        };
        while self.buffer.len() < length + body {
            self.fill().await?;
        }
        Ok(Answer { status, says_when, body: &self.buffer[length..length + body] })
    }

    async fn fill(&mut self) -> Result<(), Error> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(broken(&self.address, io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(source) => Err(broken(&self.address, source)),
        }
    }
}

fn broken(address: &str, source: io::Error) -> Error {
    Error::Connection { address: address.to_owned(), source }
}

fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Error> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| Error::Protocol("its head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or(Error::Protocol("it has no status line of HTTP/1.1"))?;
    // An answer with status 204 has no body and need not say so (RFC 9110 §15.3.5).
    let (mut body, mut says_when) = ((status == 204).then_some(0), false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("retry-after") {
            says_when = true;
        }
    }
    let body = body.ok_or(Error::Protocol("it has no content-length"))?;
    Ok(Some(Head { length: end + 4, status, says_when, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        let head = Head { length: answer.len() - 2, status: 200, says_when: false, body: 2 };
        assert_eq!(parse_head(answer).unwrap(), Some(head));
        assert_eq!(parse_head(&answer[..20]).unwrap(), None);
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().body, 0);
        assert!(parse_head(b"HTTP/1.1 429 no\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\n").unwrap().unwrap().says_when);
        assert!(parse_head(b"SSH-2.0\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn answers_in_pieces_are_put_together() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            for _ in 0..2 {
                let read = stream.read(&mut request).await.unwrap();
                assert!(request[..read].ends_with(b"content-length: 3\r\n\r\nabc"));
                for piece in ["HTTP/1.1 503 no\r\ncontent-le", "ngth: 4\r\n\r\nb", "ody"] {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let request = Request::new(&address, ("POST", "/x"), "", b"abc");
        let mut connection = Connection::open(&address).await.unwrap();
        for _ in 0..2 {
            let answer = Answer { status: 503, says_when: false, body: b"body" };
            assert_eq!(connection.send(&request).await.unwrap(), answer);
        }
        server.await.unwrap();
        assert!(matches!(connection.send(&request).await, Err(Error::Connection { .. })));
    }
}
