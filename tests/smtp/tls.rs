//! Letters over TLS, from the first byte and after STARTTLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::adapters::smtp::SmtpServer;
use crate::config::model::{Smtp, Tls};
use crate::config::secret::Secret;
use crate::ports::{Delivery, FaultKind, Outbound};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::imap::certificates::certificates;
use crate::smtp::{LETTER, PASSWORD, class, envelope, settings};

/// Serves one connection and returns the commands that came under TLS.
fn serve(listener: TcpListener, folder: &Path, is_implicit: bool) -> JoinHandle<Vec<String>> {
    let chain = CertificateDer::pem_file_iter(folder.join("certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = crate::adapters::tls::provider();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    std::thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        if !is_implicit {
            // Offers a login before TLS, too: it must not be taken.
            tcp.write_all(b"220 hi\r\n").unwrap();
            for answer in ["250-hi\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "220 go\r\n"] {
                let mut command = [0; 512];
                let _length = tcp.read(&mut command).unwrap();
                tcp.write_all(answer.as_bytes()).unwrap();
            }
        }
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = BufReader::new(StreamOwned::new(session, tcp));
        if is_implicit {
            let _greeted = stream.get_mut().write_all(b"220 hi\r\n");
        }
        let mut commands = Vec::new();
        let mut line = String::new();
        while matches!(stream.read_line(&mut line), Ok(1..)) {
            let command = std::mem::take(&mut line).trim_end().to_owned();
            let answer = match command.split(' ').next().unwrap_or_default() {
                "EHLO" => "250-hi\r\n250 AUTH PLAIN\r\n",
                "AUTH" => "235 ok\r\n",
                "DATA" => "354 go\r\n",
                "QUIT" => "221 bye\r\n",
                "MAIL" | "RCPT" | "." => "250 ok\r\n",
                _ => "",
            };
            let _answered = stream.get_mut().write_all(answer.as_bytes());
            commands.push(command);
        }
        commands
    })
}

fn secured(port: u16, folder: &Path, is_implicit: bool) -> Smtp {
    Smtp {
        host: "localhost".into(),
        tls: if is_implicit { Tls::Implicit } else { Tls::Starttls },
        ca_file: Some(folder.join("ca.pem")),
        login: Some(("bot".into(), Secret::new(PASSWORD))),
        ..settings(port)
    }
}

#[test]
fn a_letter_goes_over_tls_and_so_does_the_login() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    for is_implicit in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = serve(listener, folder.path(), is_implicit);
        let settings = secured(port, folder.path(), is_implicit);
        let delivery = SmtpServer::new(&settings).unwrap().send(&envelope(), LETTER);
        assert_eq!(delivery, Delivery::Accepted);
        let commands = server.join().unwrap();
        assert_eq!(commands[..2], ["EHLO bot.example.org", "AUTH PLAIN AGJvdABjb3JyZWN0IGhvcnNl"]);
    }
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_before_the_login() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certificates(folder.path());
    certificates(other.path());
    for is_implicit in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = serve(listener, folder.path(), is_implicit);
        let settings = secured(port, other.path(), is_implicit);
        let server_of = SmtpServer::new(&settings).unwrap();
        let delivery = server_of.send(&envelope(), LETTER);
        assert_eq!(class(&delivery), "settings", "{delivery:?}");
        assert!(server.join().unwrap().is_empty());
        let gone = server_of.probe().unwrap_err();
        assert_eq!(gone.kind, FaultKind::Temporary, "the server has ended: {gone}");
    }
}
