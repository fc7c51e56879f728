//! One IMAP client's session: who is logged in, which folder is open, and what each command
//! answers. It must not touch the connection.

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;

use imap_codec::imap_types::IntoStatic;
use imap_codec::imap_types::auth::AuthMechanism;
use imap_codec::imap_types::command::{Command, CommandBody};
use imap_codec::imap_types::core::{AString, QuotedChar, Vec1};
use imap_codec::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName};
use imap_codec::imap_types::flag::Flag;
use imap_codec::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_codec::imap_types::response::{Capability, Code, Data, StatusKind};
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::SequenceSet;
use imap_codec::imap_types::status::{StatusDataItem, StatusDataItemName};

use super::super::faults::{MailFault, Moment};
use super::super::folder::Folder;
use super::super::hub::Hub;
use super::encoding::{broken, encoded};
use super::outcome::{FetchJob, Outcome};
use super::{fetch, search};

/// How many mails one chunk of a FETCH answers for.
const CHUNK: usize = 256;

/// An open folder.
struct Selected {
    name: String,
    uid_validity: u32,
    read_only: bool,
    /// How many mails the client has been told of.
    told: usize,
}

/// One client's session.
pub(super) struct Session {
    hub: Arc<Hub>,
    user: Option<String>,
    selected: Option<Selected>,
}

impl Session {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, user: None, selected: None }
    }

    /// Carries out a command, unless a fault strikes.
    pub(super) fn obey(&mut self, command: Command<'static>) -> io::Result<Outcome> {
        if self.is_folder_gone() {
            return Ok(Outcome::Deleted);
        }
        match moment(&command.body).and_then(|moment| self.hub.strike(moment)) {
            None => self.carry_out(command.body),
            Some(MailFault::Refuse { text, .. }) => Ok(Outcome::no(&text)),
            // Nothing that these commands do outlives the connection.
            Some(MailFault::LoseAnswer | MailFault::Drop) => Ok(Outcome::Close),
            Some(MailFault::CutAnswer) => self.cut_short(command.body),
            Some(MailFault::Stall) => Ok(Outcome::Hang),
        }
    }

    /// Carries out a command, and keeps the second half of its answer back.
    fn cut_short(&mut self, body: CommandBody<'static>) -> io::Result<Outcome> {
        let mut data = match self.carry_out(body)? {
            Outcome::Done { data, .. } => data,
            Outcome::Fetch(mut job) => self.next_chunk(&mut job)?.unwrap_or_default(),
            Outcome::Cut(data) => data,
            Outcome::NeedsPassword
            | Outcome::Idle
            | Outcome::Leave
            | Outcome::Deleted
            | Outcome::Hang
            | Outcome::Close => Vec::new(),
        };
        data.truncate(data.len() / 2);
        Ok(Outcome::Cut(data))
    }

    fn carry_out(&mut self, body: CommandBody<'static>) -> io::Result<Outcome> {
        match body {
            CommandBody::Capability => {
                let names = Vec1::try_from(capabilities()).map_err(broken)?;
                Ok(Outcome::ok(encoded(Data::Capability(names)), "Those."))
            }
            CommandBody::Logout => Ok(Outcome::Leave),
            CommandBody::Noop | CommandBody::Check => Ok(Outcome::ok(self.growth()?, "Done.")),
            CommandBody::Login { username, password } => {
                Ok(self.login(&lossy(&username), &lossy(password.declassify())))
            }
            CommandBody::Authenticate { mechanism: AuthMechanism::Plain, initial_response } => {
                match initial_response {
                    Some(secret) => self.authenticate(secret.declassify()),
                    None => Ok(Outcome::NeedsPassword),
                }
            }
            body => match self.user.clone() {
                Some(user) => self.obey_user(&user, body),
                None => Ok(Outcome::bad("Log in first.")),
            },
        }
    }

    /// Takes SASL PLAIN data (RFC 4616).
    pub(super) fn authenticate(&mut self, data: &[u8]) -> io::Result<Outcome> {
        let mut parts = data.split(|&byte| byte == 0).skip(1).map(String::from_utf8_lossy);
        Ok(match (parts.next(), parts.next()) {
            (Some(user), Some(password)) => self.login(&user, &password),
            _ => Outcome::bad("That is no PLAIN response."),
        })
    }

    fn login(&mut self, user: &str, password: &str) -> Outcome {
        if !self.hub.admits(user, password) {
            return Outcome::no("Wrong user or password.");
        }
        self.user = Some(user.to_owned());
        Outcome::ok(Vec::new(), "Logged in.")
    }

    fn obey_user(&mut self, user: &str, body: CommandBody<'static>) -> io::Result<Outcome> {
        match body {
            CommandBody::List { mailbox_wildcard, .. } => self.list(user, &mailbox_wildcard),
            CommandBody::Status { mailbox, item_names } => self.status(user, &mailbox, &item_names),
            CommandBody::Select { mailbox, .. } => self.select(user, &mailbox, false),
            CommandBody::Examine { mailbox, .. } => self.select(user, &mailbox, true),
            body if self.selected.is_some() => self.obey_selected(body),
            _ => Ok(Outcome::bad("Select a folder first, or another command.")),
        }
    }

    fn obey_selected(&mut self, body: CommandBody<'static>) -> io::Result<Outcome> {
        match body {
            CommandBody::Close | CommandBody::Unselect => {
                self.selected = None;
                Ok(Outcome::ok(Vec::new(), "Closed."))
            }
            CommandBody::Idle => Ok(Outcome::Idle),
            CommandBody::Search { criteria, uid, .. } => self.search(criteria.as_ref(), uid),
            CommandBody::Fetch { sequence_set, macro_or_item_names, uid, .. } => {
                Ok(self.fetch(&sequence_set, macro_or_item_names, uid))
            }
            CommandBody::Store { .. } | CommandBody::Expunge => {
                Ok(Outcome::no("This server changes nothing."))
            }
            _ => Ok(Outcome::bad("This server does not have that command.")),
        }
    }

    fn list(&self, user: &str, pattern: &ListMailbox<'_>) -> io::Result<Outcome> {
        let pattern = match pattern {
            ListMailbox::Token(text) => String::from_utf8_lossy(text.as_ref()).into_owned(),
            ListMailbox::String(text) => String::from_utf8_lossy(text.as_ref()).into_owned(),
        };
        let glob = globset::Glob::new(&pattern.replace('%', "*")).map_err(broken)?;
        let glob = glob.compile_matcher();
        let mut data = Vec::new();
        for name in self.hub.state().folder_names(user) {
            if glob.is_match(&name) {
                data.extend(encoded(Data::List {
                    items: Vec::new(),
                    delimiter: QuotedChar::try_from('/').ok(),
                    mailbox: Mailbox::try_from(name).map_err(broken)?,
                }));
            }
        }
        Ok(Outcome::ok(data, "Listed."))
    }

    fn status(
        &self,
        user: &str,
        mailbox: &Mailbox<'static>,
        names: &[StatusDataItemName],
    ) -> io::Result<Outcome> {
        let state = self.hub.state();
        let Some(folder) = state.folder(user, &mailbox_name(mailbox)) else {
            return Ok(Outcome::no("There is no such folder."));
        };
        let unseen = folder.mails.iter().filter(|mail| !mail.seen).count() as u32;
        let items: Vec<_> = names
            .iter()
            .filter_map(|name| match name {
                StatusDataItemName::Messages => {
                    Some(StatusDataItem::Messages(folder.mails.len() as u32))
                }
                StatusDataItemName::Recent => Some(StatusDataItem::Recent(0)),
                StatusDataItemName::UidNext => {
                    NonZeroU32::new(folder.uid_next).map(StatusDataItem::UidNext)
                }
                StatusDataItemName::UidValidity => {
                    NonZeroU32::new(folder.uid_validity).map(StatusDataItem::UidValidity)
                }
                StatusDataItemName::Unseen => Some(StatusDataItem::Unseen(unseen)),
                _ => None,
            })
            .collect();
        let data = encoded(Data::Status { mailbox: mailbox.clone(), items: items.into() });
        Ok(Outcome::ok(data, "That is how it stands."))
    }

    fn select(
        &mut self,
        user: &str,
        mailbox: &Mailbox<'_>,
        read_only: bool,
    ) -> io::Result<Outcome> {
        self.selected = None;
        let name = mailbox_name(mailbox);
        let state = self.hub.state();
        let Some(folder) = state.folder(user, &name) else {
            return Ok(Outcome::no("There is no such folder."));
        };
        let mut data = encoded(Data::Flags(vec![Flag::Seen]));
        data.extend(encoded(Data::Exists(folder.mails.len() as u32)));
        data.extend(encoded(Data::Recent(0)));
        let known = [
            NonZeroU32::new(folder.uid_validity).map(Code::UidValidity),
            NonZeroU32::new(folder.uid_next).map(Code::UidNext),
        ];
        for code in known.into_iter().flatten() {
            data.extend(untagged_ok(code)?);
        }
        self.selected = Some(Selected {
            name,
            uid_validity: folder.uid_validity,
            read_only,
            told: folder.mails.len(),
        });
        let code = if read_only { Code::ReadOnly } else { Code::ReadWrite };
        let text = "Open.".to_owned();
        Ok(Outcome::Done { data, kind: StatusKind::Ok, code: Some(code), text })
    }

    /// Reads the open folder, if there is one.
    fn open_folder<T>(&self, read: impl FnOnce(&Selected, &Folder) -> T) -> Option<T> {
        let selected = self.selected.as_ref()?;
        let state = self.hub.state();
        Some(read(selected, state.folder(self.user.as_deref()?, &selected.name)?))
    }

    /// Whether the open folder was made anew since it was opened.
    pub(super) fn is_folder_gone(&self) -> bool {
        self.open_folder(|selected, folder| selected.uid_validity != folder.uid_validity)
            .unwrap_or(false)
    }

    /// Whether IDLE is to announce nothing.
    pub(super) fn is_mute(&self) -> bool {
        self.hub.state().mute
    }

    /// EXISTS, if there are mails that the client has not been told of.
    pub(super) fn growth(&mut self) -> io::Result<Vec<u8>> {
        let grown = self.open_folder(|selected, folder| {
            (folder.mails.len() > selected.told).then_some(folder.mails.len())
        });
        let Some(count) = grown.flatten() else {
            return Ok(Vec::new());
        };
        if let Some(selected) = &mut self.selected {
            selected.told = count;
        }
        Ok(encoded(Data::Exists(u32::try_from(count).map_err(broken)?)))
    }

    fn search(&mut self, keys: &[SearchKey<'_>], uid: bool) -> io::Result<Outcome> {
        let mut data = self.growth()?;
        let found = self.open_folder(|_, folder| {
            let positions = search::search(folder, keys)?;
            let number = |at: usize| if uid { folder.mails[at].uid } else { at as u32 + 1 };
            Ok(positions.into_iter().filter_map(|at| NonZeroU32::new(number(at))).collect())
        });
        match found {
            Some(Ok(numbers)) => {
                data.extend(encoded(Data::Search(numbers)));
                Ok(Outcome::ok(data, "Searched."))
            }
            Some(Err(search::Unsupported)) => Ok(Outcome::no("This server can't search by that.")),
            None => Ok(Outcome::Deleted),
        }
    }

    fn fetch(
        &mut self,
        set: &SequenceSet,
        names: MacroOrMessageDataItemNames<'static>,
        uid: bool,
    ) -> Outcome {
        let mut items = match names {
            MacroOrMessageDataItemNames::Macro(name) => {
                let items = name.expand().into_iter().filter(fetch::is_offered);
                items.map(|item| item.into_static()).collect()
            }
            MacroOrMessageDataItemNames::MessageDataItemNames(items) => items,
        };
        if !items.iter().all(fetch::is_offered) {
            return Outcome::no("This server can't fetch that.");
        }
        if uid && !items.contains(&MessageDataItemName::Uid) {
            items.insert(0, MessageDataItemName::Uid);
        }
        let positions =
            self.open_folder(|selected, folder| search::positions(folder, selected.told, set, uid));
        match positions {
            Some(positions) => Outcome::Fetch(FetchJob::new(positions, items)),
            None => Outcome::Deleted,
        }
    }

    /// The next part of a FETCH's data; none when all is said.
    pub(super) fn next_chunk(&mut self, job: &mut FetchJob) -> io::Result<Option<Vec<u8>>> {
        // A client may not hear of a mail by FETCH before EXISTS.
        let mut out = if job.done == 0 { self.growth()? } else { Vec::new() };
        let end = (job.done + CHUNK).min(job.positions.len());
        let chunk = &job.positions[job.done..end];
        job.done = end;
        let (Some(user), Some(selected)) = (&self.user, &self.selected) else {
            return Ok(None);
        };
        let mut state = self.hub.state();
        let Some(folder) = state.folder_mut(user, &selected.name) else {
            return Ok(None);
        };
        for &at in chunk {
            let (Some(mail), Some(number)) =
                (folder.mails.get_mut(at), NonZeroU32::new(at as u32 + 1))
            else {
                continue;
            };
            mail.seen |= !selected.read_only && job.items.iter().any(fetch::marks_seen);
            out.extend(fetch::data(number, mail, &job.items));
        }
        Ok((!out.is_empty()).then_some(out))
    }
}

fn moment(body: &CommandBody<'_>) -> Option<Moment> {
    match body {
        CommandBody::Login { .. } | CommandBody::Authenticate { .. } => Some(Moment::ImapLogin),
        CommandBody::Select { .. } | CommandBody::Examine { .. } => Some(Moment::ImapSelect),
        CommandBody::Search { .. } => Some(Moment::ImapSearch),
        CommandBody::Fetch { .. } => Some(Moment::ImapFetch),
        CommandBody::Idle => Some(Moment::ImapIdle),
        _ => None,
    }
}

fn capabilities() -> Vec<Capability<'static>> {
    vec![
        Capability::Imap4Rev1,
        Capability::Idle,
        Capability::LiteralPlus,
        Capability::SaslIr,
        Capability::Unselect,
        Capability::Auth(AuthMechanism::Plain),
    ]
}

fn untagged_ok(code: Code<'_>) -> io::Result<Vec<u8>> {
    use imap_codec::encode::Encoder;
    use imap_codec::imap_types::response::{Response, Status};
    let status = Status::ok(None, Some(code), "As said.").map_err(broken)?;
    Ok(imap_codec::ResponseCodec::default().encode(&Response::Status(status)).dump())
}

fn mailbox_name(mailbox: &Mailbox<'_>) -> String {
    match mailbox {
        Mailbox::Inbox => "INBOX".to_owned(),
        Mailbox::Other(other) => lossy(other.inner()),
    }
}

fn lossy(text: &AString<'_>) -> String {
    String::from_utf8_lossy(text.as_ref()).into_owned()
}
