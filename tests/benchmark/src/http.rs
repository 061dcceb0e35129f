//! Just enough HTTP/1.1 to play the Runtime API, DynamoDB and the ad provider: blocking, one thread a connection.
//!
//! Our own, because what is measured shares two cores with it: it takes less of them than a framework, and a sleeping
//! thread is a more constant delay than a timer wheel.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// The longest request line or header; what is measured sends shorter ones.
const MAX_LINE_BYTES: u64 = 16 * 1024;
/// The largest body; a transaction has at most 4 MB.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// A request, read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    /// `GET`.
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// `X-Amz-Target`, where there is one: `DynamoDB_20120810.GetItem`.
    pub(crate) target: Option<String>,
    pub(crate) body: Vec<u8>,
    /// When its first line had come.
    pub(crate) at: Instant,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/x-amz-json-1.0".to_owned())];
        Self { status: 200, headers, body: body.into() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }
}

/// Serves on a free port of the loopback address until this process ends.
pub(crate) fn serve(
    answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A peer that was killed ends its connection in the middle; there is nobody left to tell.
            thread::spawn(move || drop(converse(stream, &*answer)));
        }
    });
    Ok(address)
}

/// Answers one connection's requests until it is closed.
fn converse(stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let Response { status, headers, body } = answer(&request);
        // One write: a second small one would wait for the first to be acknowledged.
        let mut bytes = format!("HTTP/1.1 {status} Any\r\n").into_bytes();
        for (name, value) in headers {
            write!(bytes, "{name}: {value}\r\n")?;
        }
        write!(bytes, "content-length: {}\r\n\r\n", body.len())?;
        bytes.extend(body);
        writer.write_all(&bytes)?;
    }
    Ok(())
}

/// The next request; `None` where the peer has closed.
fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let first = line(reader)?;
    let at = Instant::now();
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (mut length, mut target) = (0, None);
    loop {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            "transfer-encoding" => return Err(io::Error::other("a body without a length")),
            "x-amz-target" => target = Some(value.to_owned()),
            _ => {}
        }
    }
    if length > MAX_BODY_BYTES {
        return Err(io::Error::other("a body that is too large"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method: method.to_owned(), path: path.to_owned(), target, body, at }))
}

fn line(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    reader.by_ref().take(MAX_LINE_BYTES).read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}
