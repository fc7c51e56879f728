//! A git server for tests: real `git http-backend` and `git daemon` behind sockets of our own on
//! loopback, and every kind of bad server under the path the test gives it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

type Handler = Arc<dyn Fn(&Asked, &mut TcpStream) + Send + Sync>;

pub(crate) struct Server {
    address: SocketAddr,
    root: PathBuf,
    odd: Arc<Mutex<BTreeMap<String, Handler>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Serves the bare repositories under a folder.
    pub(crate) fn start(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            root: root.to_owned(),
            odd: Arc::default(),
            asked: Arc::default(),
        };
        let (root, odd, asked) =
            (server.root.clone(), Arc::clone(&server.odd), Arc::clone(&server.asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (root, odd, asked) = (root.clone(), Arc::clone(&odd), Arc::clone(&asked));
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let Some(one) = read_request(&stream) else { return };
                    asked.lock().unwrap().push(one.clone());
                    let first = one.path.split('/').nth(1).unwrap_or_default().to_owned();
                    let odd = odd.lock().unwrap().get(&first).cloned();
                    match odd {
                        Some(handler) => handler(&one, &mut stream),
                        None => answer(&mut stream, &cgi(&root, &one)),
                    }
                    let _gone = stream.shutdown(Shutdown::Write);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What is answered under `/name/…` from now on.
    pub(crate) fn odd(
        &self,
        name: &str,
        handler: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static,
    ) {
        self.odd.lock().unwrap().insert(name.to_owned(), Arc::new(handler));
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read_request(stream: impl Read) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Some(Asked { method, path, query, headers, body })
}

/// What `git http-backend` says, as (status, headers, body).
pub(crate) fn cgi(root: &Path, asked: &Asked) -> (String, Vec<String>, Vec<u8>) {
    let content_type = asked.headers.get("content-type").cloned().unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REMOTE_USER", "tester")
        .env("REQUEST_METHOD", &asked.method)
        .env("PATH_INFO", &asked.path)
        .env("QUERY_STRING", &asked.query)
        .env("CONTENT_TYPE", content_type)
        .env("CONTENT_LENGTH", asked.body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = asked.body.clone();
    let writer = thread::spawn(move || drop(input.write_all(&body)));
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    writer.join().unwrap();
    child.wait().unwrap();
    let split = output.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..split]).into_owned();
    let body = output.get(split + 4..).unwrap_or_default().to_vec();
    let status = head.lines().find_map(|l| l.strip_prefix("Status: ")).unwrap_or("200 OK");
    let headers = head.lines().filter(|l| !l.starts_with("Status:")).map(str::to_owned).collect();
    (status.to_owned(), headers, body)
}

pub(crate) fn answer(
    stream: &mut impl Write,
    (status, headers, body): &(String, Vec<String>, Vec<u8>),
) {
    head(stream, status, headers, Some(body.len()));
    let _gone = stream.write_all(body);
}

/// Writes an answer's head; without a length the body goes on until the connection ends.
pub(crate) fn head(
    stream: &mut impl Write,
    status: &str,
    headers: &[String],
    length: Option<usize>,
) {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    if let Some(length) = length {
        text.push_str(&format!("Content-Length: {length}\r\n"));
    }
    text.push_str("\r\n");
    let _gone = stream.write_all(text.as_bytes());
}

/// The same request to another repository of the root: `/odd/…` becomes `/name/…`.
pub(crate) fn as_if_for(asked: &Asked, name: &str) -> Asked {
    let rest = asked.path.splitn(3, '/').nth(2).unwrap_or_default();
    Asked { path: format!("/{name}/{rest}"), ..asked.clone() }
}

/// Waits until the client gives up.
pub(crate) fn hang(stream: &mut TcpStream) {
    let _closed = stream.read(&mut [0; 64]);
}

/// Real `git daemon` on a socket of ours; the thread serves as many connections as come.
pub(crate) fn daemon(root: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let base = format!("--base-path={}", root.display());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let output: OwnedFd = stream.try_clone().unwrap().into();
            let mut child = Command::new("git")
                .args(["daemon", "--inetd", "--export-all", &base])
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .stdin(Stdio::from(OwnedFd::from(stream)))
                .stdout(Stdio::from(output))
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::spawn(move || drop(child.wait()));
        }
    });
    address
}

/// The same server behind TLS, with a certificate for localhost by a CA of the tests' own.
pub(crate) fn with_tls(server: &Server) -> SocketAddr {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repository/tls");
    let certificate = CertificateDer::from_pem_file(files.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(files.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let root = server.root.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let (root, stream) = (root.clone(), stream.unwrap());
            thread::spawn(move || {
                let mut tls = rustls::StreamOwned::new(session, stream);
                let Some(asked) = read_request(&mut tls) else { return };
                answer(&mut tls, &cgi(&root, &asked));
                tls.conn.send_close_notify();
                let _gone = tls.flush();
            });
        }
    });
    address
}
