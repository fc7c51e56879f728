//! opendkim: signs what people submit for the mailboxes' domain, and, where a test asks for it, says
//! in `Authentication-Results` at the MX what passes. The key is also in a DNS server of the rig.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::dns::Dns;
use crate::process::{Server, command, run};
use crate::rig::DOMAIN;

const SIGNER_PORT: u16 = 10891;
const VERIFIER_PORT: u16 = 10892;
const SELECTOR: &str = "mail";

/// The name by which the MX speaks in `Authentication-Results`.
pub(crate) const AUTHSERV_ID: &str = "mx.example.test";

/// What the servers of a rig do about DKIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dkim {
    /// Nothing.
    Unused,
    /// Submission signs.
    Signed,
    /// Submission signs, and the MX says what passed.
    Judged,
}

/// The running milters.
pub(crate) struct Signing {
    /// Where the one that signs listens.
    pub(crate) signer: SocketAddr,
    /// Where the one that verifies listens.
    pub(crate) verifier: Option<SocketAddr>,
    dns: Dns,
    servers: Vec<Server>,
}

impl Signing {
    /// Makes a key and starts what is asked for.
    pub(crate) fn start(root: &Path, ip: IpAddr, dkim: Dkim) -> Option<Self> {
        let judged = match dkim {
            Dkim::Unused => return None,
            Dkim::Signed => false,
            Dkim::Judged => true,
        };
        let folder = root.join("dkim");
        fs::create_dir(&folder).expect("a new folder");
        let (key, record) = make_key(&folder);
        let name = format!("{SELECTOR}._domainkey.{DOMAIN}");
        let signer = SocketAddr::new(ip, SIGNER_PORT);
        let signs = format!(
            "Mode s\nDomain {DOMAIN}\nSelector {SELECTOR}\nKeyFile {}\n\
             Canonicalization relaxed/simple\nInternalHosts 0.0.0.0/0\n",
            key.display()
        );
        let mut servers = vec![milter("opendkim-signer", &folder, root, signer, &signs)];
        let verifier = judged.then(|| SocketAddr::new(ip, VERIFIER_PORT));
        if let Some(at) = verifier {
            let zone = folder.join("zone");
            fs::write(&zone, format!("{name} {record}\n")).expect("a new file");
            // Somebody else's hosts, or it takes everybody for ours and verifies nothing.
            let verifies = format!(
                "Mode v\nAuthservID {AUTHSERV_ID}\nAlwaysAddARHeader yes\n\
                 InternalHosts 192.0.2.1\nTestDNSData file:{}\n",
                zone.display()
            );
            servers.push(milter("opendkim-verifier", &folder, root, at, &verifies));
        }
        Some(Self { signer, verifier, dns: Dns::serve(&name, &record), servers })
    }

    /// The DNS server that has the key.
    pub(crate) fn dns(&self) -> SocketAddr {
        self.dns.address
    }
}

impl Drop for Signing {
    fn drop(&mut self) {
        // Told to end, opendkim takes seconds.
        self.servers.drain(..).for_each(Server::kill);
    }
}

/// A private key's file, and the record of its public key.
fn make_key(folder: &Path) -> (PathBuf, String) {
    let key = folder.join("key.pem");
    let openssl = || command("/usr/bin/openssl");
    run(openssl().args(["genrsa", "-out"]).arg(&key).arg("2048"));
    let public = run(openssl().args(["rsa", "-pubout", "-in"]).arg(&key));
    let public: String = public.lines().filter(|line| !line.starts_with('-')).collect();
    (key, format!("v=DKIM1; k=rsa; p={public}"))
}

fn milter(
    name: &'static str,
    folder: &Path,
    root: &Path,
    at: SocketAddr,
    configuration: &str,
) -> Server {
    let file = folder.join(format!("{name}.conf"));
    let socket = format!("inet:{}@{}", at.port(), at.ip());
    let text = format!(
        "Socket {socket}\nBackground no\nSyslog no\nRequireSafeKeys no\nPidFile {}\n\
         {configuration}",
        folder.join(format!("{name}.pid")).display()
    );
    fs::write(&file, text).expect("a new file");
    let mut server =
        Server::start(name, "/usr/sbin/opendkim", &[&"-f", &"-x", &file], &root.join("log"));
    server.wait_for_port(at);
    server
}
