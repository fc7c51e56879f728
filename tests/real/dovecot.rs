//! Dovecot: IMAP for the bot and people, LMTP and SASL for Postfix. Every address of the rig has
//! a Maildir.

use std::fs::{self, Permissions};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use crate::authority::Authority;
use crate::process::Server;
use crate::rig::{MAIL_USER, USERS, id_of_group, id_of_user, password};

const IMAP_PORT: u16 = 10143;
const IMAPS_PORT: u16 = 10993;

/// A running Dovecot and where it listens.
pub struct Dovecot {
    /// STARTTLS, without which LOGIN is disabled.
    pub imap: SocketAddr,
    /// Implicit TLS.
    pub imaps: SocketAddr,
    server: Server,
}

impl Dovecot {
    /// Starts it; mailboxes are below `mail` in the rig's folder.
    pub fn start(root: &Path, ip: IpAddr, authority: &Authority) -> Self {
        let etc = root.join("dovecot");
        fs::create_dir(&etc).expect("a new folder");
        let mail = root.join("mail");
        fs::create_dir(&mail).expect("a new folder");
        chown(&mail, Some(id_of_user(MAIL_USER)), Some(id_of_group(MAIL_USER))).expect("root may");
        fs::set_permissions(&mail, Permissions::from_mode(0o755)).expect("our folder");
        let users: String =
            USERS.map(|user| format!("{user}:{{PLAIN}}{}\n", password(user))).concat();
        fs::write(etc.join("users"), users).expect("a new file");
        fs::write(etc.join("dovecot.conf"), configuration(root, ip, authority)).expect("a file");
        let file = etc.join("dovecot.conf");
        let server = Server::start(
            "dovecot",
            "/usr/sbin/dovecot",
            &[&"-F", &"-c", &file],
            &root.join("log"),
        );
        Self {
            imap: SocketAddr::new(ip, IMAP_PORT),
            imaps: SocketAddr::new(ip, IMAPS_PORT),
            server,
        }
    }

    /// Waits until it takes connections.
    pub fn wait(&mut self) {
        self.server.wait_for_port(self.imap);
    }
}

fn configuration(root: &Path, ip: IpAddr, authority: &Authority) -> String {
    let root = root.display();
    let certificate = authority.server_certificate.display();
    let key = authority.server_key.display();
    format!(
        "protocols = imap lmtp
listen = {ip}
base_dir = {root}/run/dovecot
log_path = {root}/log/dovecot.log
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_max_userip_connections = 100
auth_mechanisms = plain login
auth_username_format = %n
shutdown_clients = yes
passdb {{
  driver = passwd-file
  args = {root}/dovecot/users
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_USER} home={root}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {IMAP_PORT}
  }}
  inet_listener imaps {{
    port = {IMAPS_PORT}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener {root}/run/lmtp {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {root}/run/auth {{
    mode = 0666
  }}
}}
"
    )
}
