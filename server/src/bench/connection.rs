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

    /// Sends `request` and reads the answer: its status and body.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(u16, &[u8]), Error> {
        self.stream.write_all(&request.bytes).await.map_err(|source| broken(&self.address, source))?;
        self.buffer.clear();
        let (head, status, length) = loop {
            self.fill().await?;
            if let Some(parsed) = parse_head(&self.buffer)? {
                break parsed;
            }
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        Ok((status, &self.buffer[head..head + length]))
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

/// Length of the head, status and length of the body, once the head is whole.
fn parse_head(bytes: &[u8]) -> Result<Option<(usize, u16, usize)>, Error> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| Error::Protocol("its head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or(Error::Protocol("it has no status line of HTTP/1.1"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    // An answer with status 204 has no body and need not say so (RFC 9110 §15.3.5).
    let length = if status == 204 { Some(0) } else { length };
    Ok(Some((end + 4, status, length.ok_or(Error::Protocol("it has no content-length"))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        assert_eq!(parse_head(answer).unwrap(), Some((answer.len() - 2, 200, 2)));
        assert_eq!(parse_head(&answer[..20]).unwrap(), None);
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), Some((27, 204, 0)));
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
            assert_eq!(connection.send(&request).await.unwrap(), (503, &b"body"[..]));
        }
        server.await.unwrap();
        assert!(matches!(connection.send(&request).await, Err(Error::Connection { .. })));
    }
}
