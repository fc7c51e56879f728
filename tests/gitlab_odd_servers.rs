//! The GitLab adapter against servers that are no GitLab, or an ill one: answers written by hand,
//! byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::adapters::gitlab::GitLab;
use crate::config::model::Ci;
use crate::gitlab_support::{ci, stand_in};
use crate::ports::{FaultKind, Pipelines};
use crate::pull::ids::{JobId, ObjectId, PipelineId};

/// A server that answers each connection by a function of the request's first line.
struct Odd {
    url: String,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Odd {
    fn start(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = stopping.clone();
        let thread = thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let mut request = [0; 8192];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                answer(request.lines().next().unwrap_or_default(), &mut stream);
            }
        });
        Self { url, stopping, thread: Some(thread) }
    }

    fn ci(&self) -> Ci {
        Ci { gitlab: self.url.clone(), ..ci(&stand_in()) }
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.url.trim_start_matches("http://"));
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

/// One answer of JSON, with more headers, after which the connection ends.
fn json(stream: &mut TcpStream, headers: &str, body: &str) {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    let _gone = stream.write_all(answer.as_bytes());
}

#[test]
fn rows_that_shift_between_pages_count_once() {
    let odd = Odd::start(|line, stream| {
        let job = |id: u32| format!(r#"{{"id":{id},"name":"j{id}","status":"success"}}"#);
        if line.contains("/jobs?") && line.contains("page=2") {
            json(stream, "x-next-page: \r\n", &format!("[{},{}]", job(2), job(1)));
        } else if line.contains("/jobs?") {
            json(stream, "x-next-page: 2\r\n", &format!("[{},{}]", job(3), job(2)));
        } else if line.contains("/bridges?") || line.contains("/statuses?") {
            json(stream, "", "[]");
        } else {
            let sha = "1".repeat(40);
            json(stream, "", &format!(r#"{{"id":5,"sha":"{sha}","status":"success"}}"#));
        }
    });
    let jobs = GitLab::new(&odd.ci()).unwrap().jobs(PipelineId(5)).unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["j1", "j2", "j3"]);
}

#[test]
fn pages_without_end_are_given_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let odd = Odd::start(move |_, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        json(stream, "x-next-page: 2\r\n", r#"[{"id":1,"sha":"x","status":"y"}]"#)
    });
    let found = GitLab::new(&odd.ci()).unwrap().find("b", ObjectId::from_bytes([1; 20]));
    assert_eq!(found.unwrap_err().kind, FaultKind::Temporary);
    assert!(asked.load(Ordering::SeqCst) <= 100, "{asked:?} pages");
}

#[test]
fn a_trace_without_end_is_cut() {
    let odd = Odd::start(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n";
        let chunk = vec![b'x'; 1 << 20];
        let _gone = stream.write_all(head);
        while stream.write_all(&chunk).is_ok() {}
    });
    let adapter = GitLab::with_deadline(&odd.ci(), Duration::from_secs(6)).unwrap();
    assert_eq!(adapter.log(JobId(1), 1000).unwrap(), vec![b'x'; 1000]);
}

#[test]
fn an_answer_without_end_is_refused() {
    let odd = Odd::start(|_, stream| {
        let head =
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n";
        let chunk = vec![b' '; 1 << 20];
        let _gone = stream.write_all(head);
        while stream.write_all(&chunk).is_ok() {}
    });
    let fault = GitLab::new(&odd.ci()).unwrap().get(PipelineId(1)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
}

#[test]
fn a_server_that_drips_is_given_up_at_the_deadline() {
    let odd = Odd::start(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let mut drip = head.iter().chain(std::iter::repeat(&b' '));
        while drip.next().is_some_and(|byte| stream.write_all(&[*byte]).is_ok()) {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let adapter = GitLab::with_deadline(&odd.ci(), Duration::from_millis(500)).unwrap();
    let began = Instant::now();
    assert_eq!(adapter.get(PipelineId(1)).unwrap_err().kind, FaultKind::Temporary);
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
}

#[test]
fn a_create_is_sent_once_though_the_kept_connection_is_dead() {
    // Answers the first request and keeps the connection, then ends it at the second.
    let odd = Odd::start(|_, stream| {
        let body = r#"{"id":1,"sha":"1111111111111111111111111111111111111111","status":"x"}"#;
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n\
             {body}"
        );
        let _gone = stream.write_all(answer.as_bytes());
        let mut second = [0; 8192];
        let read = stream.read(&mut second).unwrap_or(0);
        assert!(read == 0 || second.starts_with(b"POST"));
    });
    let adapter = GitLab::new(&odd.ci()).unwrap();
    adapter.get(PipelineId(1)).unwrap();
    assert_eq!(adapter.create("b").unwrap_err().kind, FaultKind::Temporary);
}

#[test]
fn the_token_is_in_no_debug_text() {
    let gitlab = stand_in();
    let adapter = GitLab::new(&ci(&gitlab)).unwrap();
    assert!(!format!("{adapter:?}").contains(gitlab.token()));
}
