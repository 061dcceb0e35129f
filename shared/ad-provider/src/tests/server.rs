//! A provider that answers once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use postroom::memory::ManualClock;

use crate::HttpAdProvider;

/// What the provider was asked.
pub(super) struct Asked {
    /// The request line and the headers, each with its line end.
    pub(super) head: String,
    pub(super) body: String,
}

/// Answers one request with exactly these bytes, then closes. The thread ends with what it was asked.
pub(super) fn server(answer: String) -> (HttpAdProvider, JoinHandle<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let asked = read(&stream);
        if answer.is_empty() {
            // Silence, for as long as the client bears it.
            let _ = stream.read(&mut [0]);
        }
        // The client may have hung up already.
        let _ = stream.write_all(answer.as_bytes());
        asked
    });
    (provider(&url), asked)
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        assert!(reader.read_line(&mut head).unwrap() > 0, "the request ended early");
        match &head[start..] {
            "\r\n" => break,
            line => {
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked { head, body: String::from_utf8(body).unwrap() }
}

pub(super) fn provider(url: &str) -> HttpAdProvider {
    let clock = ManualClock::at("1994-11-06T08:49:07Z".parse().unwrap());
    HttpAdProvider::new(url.parse().unwrap(), Arc::new(clock))
}

pub(super) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}
