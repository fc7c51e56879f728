//! Postfix: submission for people and the bot, the MX behind it, the ways to the list and to the
//! mailboxes. Nothing leaves it for anywhere else.
//!
//! `master` runs in the foreground without the `postfix` script, so that stopping the process
//! that was started stops all of it; it insists on running as root.

use std::ffi::OsStr;
use std::fs::{self, FileTimes, OpenOptions, Permissions};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};

use crate::authority::Authority;
use crate::dkim::Signing;
use crate::process::Server;
use crate::rig::{DOMAIN, LIST, LIST_DOMAIN, USERS, id_of_group, id_of_user};

const MASTER: &str = "/usr/lib/postfix/sbin/master";
/// Runs a program until a signal comes, then ends it and waits for it. `master` takes on another
/// user for a while, whereupon the kernel forgets that it is to end with its parent.
const UNTIL_TOLD: &str = r#"trap 'trap "" TERM; kill -TERM 0; wait' TERM; "$@" & wait $!"#;
/// More than any disk has.
const NO_ROOM: &str = "queue_minfree = 999999999999999\n";
const MX_PORT: u16 = 10025;
const SUBMISSION_PORT: u16 = 10587;
const SUBMISSIONS_PORT: u16 = 10465;

/// A running Postfix and where it listens.
pub(crate) struct Postfix {
    /// AUTH after STARTTLS, both demanded; the sender must be the login.
    pub(crate) submission: SocketAddr,
    /// The same with implicit TLS.
    pub(crate) submissions: SocketAddr,
    /// Plain, without AUTH: for the rig's own addresses only.
    pub(crate) mx: SocketAddr,
    server: Server,
}

impl Postfix {
    /// Starts it; Dovecot's sockets are in the rig's folder, `list` is the list's folder.
    pub(crate) fn start(
        root: &Path,
        ip: IpAddr,
        authority: &Authority,
        list: &Path,
        dkim: Option<&Signing>,
    ) -> Self {
        let etc = root.join("postfix");
        fs::create_dir(&etc).expect("a new folder");
        make_queue(&root.join("spool"));
        let senders: String = USERS.map(|user| format!("{user}@{DOMAIN} {user}\n")).concat();
        let mailboxes: String = USERS.map(|user| format!("{user}@{DOMAIN} {user}\n")).concat();
        write_old(&etc.join("senders"), &senders);
        write_old(&etc.join("mailboxes"), &mailboxes);
        write_old(&etc.join("transport"), &format!("{LIST} mlmmj:\n"));
        write_old(&etc.join("main.cf"), &main_cf(root, authority));
        write_old(&etc.join("master.cf"), &master_cf(ip, list, dkim));
        let args: [&dyn AsRef<OsStr>; 7] = [&"-c", &UNTIL_TOLD, &"sh", &MASTER, &"-c", &etc, &"-d"];
        let server = Server::start("postfix", "/bin/sh", &args, &root.join("log"));
        Self {
            submission: SocketAddr::new(ip, SUBMISSION_PORT),
            submissions: SocketAddr::new(ip, SUBMISSIONS_PORT),
            mx: SocketAddr::new(ip, MX_PORT),
            server,
        }
    }

    /// From now on it takes no mail for want of room (452), or takes it again.
    pub(crate) fn has_room(&self, root: &Path, room: bool) {
        let file = root.join("postfix/main.cf");
        let text = fs::read_to_string(&file).expect("we wrote it");
        let text = if room { text.replace(NO_ROOM, "") } else { text + NO_ROOM };
        write_old(&file, &text);
        let pid = fs::read_to_string(root.join("spool/pid/master.pid")).expect("it runs");
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw).expect("a number");
        kill_process(pid, Signal::HUP).expect("it runs");
    }

    /// Waits until it takes connections.
    pub(crate) fn wait(&mut self) {
        self.server.wait_for_port(self.submission);
    }
}

fn make_queue(spool: &Path) {
    let (owner, drop) = (id_of_user("postfix"), id_of_group("postdrop"));
    fs::create_dir(spool).expect("a new folder");
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
        "saved", "trace", "data",
    ] {
        make_folder(&spool.join(name), owner, None, 0o700);
    }
    make_folder(&spool.join("pid"), 0, None, 0o755);
    make_folder(&spool.join("public"), owner, Some(drop), 0o710);
    make_folder(&spool.join("maildrop"), owner, Some(drop), 0o1730);
}

fn make_folder(folder: &Path, owner: u32, group: Option<u32>, mode: u32) {
    fs::create_dir(folder).expect("a new folder");
    chown(folder, Some(owner), group).expect("root may");
    fs::set_permissions(folder, Permissions::from_mode(mode)).expect("our folder");
}

/// Writes a file dated a minute ago: Postfix reads a table again and again until it is older than
/// a second, which makes its start slow.
fn write_old(file: &Path, text: &str) {
    fs::write(file, text).expect("a new file");
    let past = SystemTime::now() - Duration::from_secs(60);
    let file = OpenOptions::new().write(true).open(file).expect("just written");
    file.set_times(FileTimes::new().set_modified(past)).expect("our file");
}

fn main_cf(root: &Path, authority: &Authority) -> String {
    let root = root.display();
    let certificate = authority.server_certificate.display();
    let key = authority.server_key.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/spool/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/log/postfix.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtpd_peername_lookup = no
myhostname = mx.{DOMAIN}
mydestination =
mynetworks = 192.0.2.0/32
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
propagate_unmatched_extensions = virtual
transport_maps = texthash:{root}/postfix/transport
relay_domains = {LIST_DOMAIN}
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = texthash:{root}/postfix/mailboxes
virtual_transport = lmtp:unix:{root}/run/lmtp
default_transport = error:5.7.1 mail for elsewhere is not taken here
relay_transport = error:5.7.1 mail for elsewhere is not taken here
mlmmj_destination_recipient_limit = 1
message_size_limit = 52428800
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_session_cache_database =
tls_random_source = dev:/dev/urandom
smtpd_sasl_type = dovecot
smtpd_sasl_path = {root}/run/auth
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = texthash:{root}/postfix/senders
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtp_destination_concurrency_limit = 20
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
notify_classes =
"
    )
}

fn master_cf(ip: IpAddr, list: &Path, dkim: Option<&Signing>) -> String {
    let people = "-o smtpd_sasl_auth_enable=yes \
                  -o {smtpd_recipient_restrictions=reject_sender_login_mismatch,permit_sasl_authenticated,reject} \
                  -o {smtpd_relay_restrictions=permit_sasl_authenticated,reject}";
    let list = list.display();
    let signs = dkim.map_or_else(String::new, |dkim| milter(dkim.signer));
    // What was submitted then goes to the MX, as everybody's mail does.
    let (passes, filter) = match dkim.and_then(|dkim| dkim.verifier) {
        Some(verifier) => (milter(verifier), format!("-o content_filter=smtp:[{ip}]:{MX_PORT}")),
        None => (String::new(), String::new()),
    };
    let people = format!("{people} {signs} {filter}");
    format!(
        "{ip}:{MX_PORT} inet n - n - - smtpd {passes}
{ip}:{SUBMISSION_PORT} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt {people}
{ip}:{SUBMISSIONS_PORT} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes {people}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
mlmmj unix - n n - - pipe flags=ORhu user=mail argv=/usr/bin/mlmmj-receive -F -L {list}
"
    )
}

/// The option that asks a milter.
fn milter(at: SocketAddr) -> String {
    format!("-o smtpd_milters=inet:{}:{}", at.ip(), at.port())
}
