//! From nothing to an open session: connection, greeting, TLS, login, and `EXAMINE`.
//!
//! Greeting and STARTTLS are spoken here, because the `imap` crate knows only its own connectors.

use std::io::{self, Write};

use imap::{Authenticator, Client, Session};

use super::Limits;
use super::lines::{Control, Lines};
use super::trouble::{Trouble, guarded, words};
use super::utf7;
use crate::adapters::connection::{Bounds, Connection, Peer};
use crate::config::model::{Account, Tls};
use crate::ports::{Fault, FolderState};

/// What a server may say in answer to a command that fetches nothing.
pub(crate) const SMALL_ANSWER: u64 = 1024 * 1024;
/// Untagged lines before the answer to STARTTLS.
const CHATTER: usize = 50;

/// A session that is logged in.
pub(crate) struct Live {
    /// The crate's side.
    pub(crate) session: Session<Lines>,
    /// Our side of its connection.
    pub(crate) control: Control,
    /// Whether the server can IDLE.
    pub(crate) can_idle: bool,
    /// Whether it is encrypted.
    pub(crate) is_encrypted: bool,
    /// Where the folder stood when it was opened last on this session.
    pub(crate) state: FolderState,
}

/// Connects and logs in. Repeating is safe.
///
/// # Errors
/// Temporary: the server is away, or slow. Misconfigured: login refused, no STARTTLS, certificate
/// not trusted.
pub(crate) fn connect(account: &Account, limits: &Limits) -> Result<Live, Fault> {
    let peer = Peer {
        host: &account.host,
        port: account.port,
        tls: account.tls,
        allow_plain: account.allow_plain,
        ca_file: account.ca_file.as_deref(),
    };
    let bounds = Bounds::new(limits.command, SMALL_ANSWER);
    let about = |mut fault: Fault| {
        fault.detail = format!("account {}: {}", account.name, fault.detail);
        fault
    };
    let mut lines = Lines::new(Connection::open(peer, bounds).map_err(about)?);
    greeting(account, &mut lines)?;
    if account.tls == Tls::Starttls {
        starttls(account, &mut lines)?;
        lines.connection().encrypt(peer).map_err(about)?;
    }
    let is_encrypted = lines.connection().is_encrypted();
    let control = lines.control();
    let mut session = login(account, Client::new(lines))?;
    // They are others after a login than before.
    let capabilities = guarded(account, || session.capabilities())
        .map_err(|trouble| trouble.fault(account, "CAPABILITY"))?;
    let can_idle = capabilities.has_str("IDLE");
    let state = FolderState { uid_validity: 0, uid_next: 0, exists: 0 };
    Ok(Live { session, control, can_idle, is_encrypted, state })
}

/// Opens a folder for reading only and says where it stands. The crate's own parser panics on an
/// untagged `NO`, a legal warning, so the few lines that matter are read here.
///
/// # Errors
/// As of any command.
pub(crate) fn examine(
    account: &Account,
    live: &mut Live,
    folder: &str,
) -> Result<FolderState, Trouble> {
    let name = utf7::encode(folder).replace('\\', "\\\\").replace('"', "\\\"");
    let (answer, _) = guarded(account, || live.session.run(format!("EXAMINE \"{name}\"")))?;
    let text = String::from_utf8_lossy(&answer);
    let number = |code: &str| {
        text.lines().filter(|line| line.starts_with("* OK [")).find_map(|line| {
            let (_, rest) = line.split_once(code)?;
            rest.split(']').next()?.trim().parse::<u32>().ok()
        })
    };
    let exists = text
        .lines()
        .filter_map(|line| line.strip_prefix("* ")?.strip_suffix(" EXISTS")?.parse().ok())
        .next_back();
    let (Some(uid_validity), Some(exists)) = (number("[UIDVALIDITY "), exists) else {
        return Err(Trouble::Refused("it does not say EXISTS and UIDVALIDITY".into()));
    };
    let uid_next = match number("[UIDNEXT ") {
        Some(uid_next) => uid_next,
        None => uid_after_last(account, live)?,
    };
    live.state = FolderState { uid_validity, uid_next, exists };
    Ok(live.state)
}

/// UIDNEXT is optional in RFC 3501; without it, the last mail's UID gives one not above it.
fn uid_after_last(account: &Account, live: &mut Live) -> Result<u32, Trouble> {
    let found = guarded(account, || live.session.uid_search("UID *"))?;
    Ok(found.into_iter().max().map_or(1, |last| last.saturating_add(1)))
}

fn greeting(account: &Account, lines: &mut Lines) -> Result<(), Fault> {
    let greeting = lines.read_line().map_err(|error| lost(account, "greeting", &error))?;
    let upper = greeting.to_ascii_uppercase();
    if upper.starts_with("* OK") {
        return Ok(());
    }
    let words = words(account, &greeting);
    if upper.starts_with("* PREAUTH") {
        // Before STARTTLS it would keep TLS from ever beginning (RFC 3501, section 11.1).
        return Err(Fault::misconfigured(format!(
            "account {}: the server takes the login as done before it was sent: {words}",
            account.name
        )));
    }
    Err(Fault::temporary(format!("account {}: the server greets with: {words}", account.name)))
}

fn starttls(account: &Account, lines: &mut Lines) -> Result<(), Fault> {
    let gone = |error: io::Error| lost(account, "STARTTLS", &error);
    lines.write_all(b"tls STARTTLS\r\n").and_then(|()| lines.flush()).map_err(gone)?;
    for _ in 0..CHATTER {
        let line = lines.read_line().map_err(gone)?;
        let Some(answer) = line.strip_prefix("tls ") else { continue };
        let wrong = if !answer.to_ascii_uppercase().starts_with("OK") {
            format!("the server does not do STARTTLS: {}", words(account, answer))
        } else if lines.has_unread() {
            // RFC 7457, section 2.2: it would be taken for an answer under TLS.
            "the server sent more after its answer to STARTTLS, before TLS began".to_owned()
        } else {
            return Ok(());
        };
        return Err(Fault::misconfigured(format!("account {}: {wrong}", account.name)));
    }
    Err(Fault::temporary(format!("account {}: STARTTLS got no answer", account.name)))
}

struct Plain<'a>(&'a Account);

impl Authenticator for Plain<'_> {
    type Response = String;

    /// RFC 4616.
    fn process(&self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.0.login, self.0.password.expose())
    }
}

fn login(account: &Account, mut client: Client<Lines>) -> Result<Session<Lines>, Fault> {
    let capabilities = guarded(account, || client.capabilities())
        .map_err(|trouble| trouble.fault(account, "CAPABILITY"))?;
    let doing = format!("login as {}", account.login);
    let result = if capabilities.has_str("AUTH=PLAIN") {
        guarded(account, || {
            client.authenticate("PLAIN", &Plain(account)).map_err(|(error, _)| error)
        })
    } else if capabilities.has_str("LOGINDISABLED") {
        Err(Trouble::Refused("it offers neither LOGIN nor AUTHENTICATE PLAIN".into()))
    } else {
        guarded(account, || {
            client.login(&account.login, account.password.expose()).map_err(|(error, _)| error)
        })
    };
    result.map_err(|trouble| trouble.refusal(account, doing))
}

fn lost(account: &Account, doing: &str, error: &io::Error) -> Fault {
    Fault::temporary(format!("account {}: {doing}: {error}", account.name))
}
