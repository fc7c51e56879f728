//! Dovecot: IMAP for the bot and people, LMTP and SASL for Postfix. Every address of the rig has
//! a Maildir.

use std::fs::{self, Permissions};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::authority::Authority;
use crate::process::Server;
use crate::rig::{MAIL_USER, USERS, id_of_group, id_of_user, password};

const IMAP_PORT: u16 = 10143;
const IMAPS_PORT: u16 = 10993;

/// A running Dovecot and where it listens.
pub(crate) struct Dovecot {
    /// STARTTLS, without which LOGIN is disabled.
    pub(crate) imap: SocketAddr,
    /// Implicit TLS.
    pub(crate) imaps: SocketAddr,
    server: Server,
}

impl Dovecot {
    /// Starts it; mailboxes are below `mail` in the rig's folder.
    pub(crate) fn start(root: &Path, ip: IpAddr, authority: &Authority) -> Self {
        let etc = root.join("dovecot");
        fs::create_dir(&etc).expect("a new folder");
        let mail = root.join("mail");
        fs::create_dir(&mail).expect("a new folder");
        let talk = talk_folder(root);
        fs::create_dir(&talk).expect("a new folder");
        for folder in [&mail, &talk] {
            let (user, group) = (id_of_user(MAIL_USER), id_of_group(MAIL_USER));
            chown(folder, Some(user), Some(group)).expect("root may");
            fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("our folder");
        }
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
    pub(crate) fn wait(&mut self) {
        self.server.wait_for_port(self.imap);
    }
}

/// Where Dovecot writes down what IMAP clients and it say to each other after the login.
fn talk_folder(root: &Path) -> PathBuf {
    root.join("imap")
}

/// How often clients have begun to wait for news (IDLE, RFC 2177) so far.
pub(crate) fn idles(root: &Path) -> usize {
    let files = fs::read_dir(talk_folder(root)).expect("our folder").flatten();
    let said = files.filter(|file| file.path().extension().is_some_and(|end| end == "in"));
    said.filter_map(|file| fs::read_to_string(file.path()).ok())
        .map(|text| text.lines().filter(|line| line.trim_end().ends_with(" IDLE")).count())
        .sum()
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
protocol imap {{
  rawlog_dir = {root}/imap
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
