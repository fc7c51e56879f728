//! Commands of people about the bot as a whole: what they change is kept in the overlay, and in
//! force from the same step on.

use jiff::Timestamp;

use super::World;
use crate::pull::command::{Command, How, Row, Shelf};
use crate::pull::command_mail::{Answer, Look, Offer, Order};
use crate::pull::decision::clock;
use crate::pull::ids::{ListName, TargetName};
use crate::pull::overlay::{AddedKey, Change, Freeze, Overlay, Pause};
use crate::pull::run::Why;

impl World {
    pub(super) fn steer(
        &mut self,
        command: &Command,
        order: &Order,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let change = || Change { by: order.by.address.clone(), at: now };
        let said = match command {
            Command::Help(row) => return Ok(looked(Look::Help(row.map(word)))),
            Command::Status => return Ok(looked(Look::Status)),
            Command::List(shelf) => return Ok(looked(Look::List(shelf.map(shelf_word)))),
            Command::KeyList => return Ok(looked(Look::Keys)),
            Command::Test { url, reference, sha, target } => {
                let asker = order.reply_to.clone();
                let (url, reference) = (url.clone(), reference.clone());
                let why = Why::Asked { asker, url, reference, sha: *sha };
                return self.test(why, target.as_ref(), now).map(Answer::Done);
            }
            Command::Pause { words } => self.pause(words, order, now)?,
            Command::Resume { list: None } => self.resume(order)?,
            Command::Resume { list: Some(list) } => self.resume_list(list)?,
            Command::Freeze { target, until, reason } => {
                let freeze = Freeze {
                    until: *until,
                    reason: reason.clone(),
                    by: order.by.address.clone(),
                    at: now,
                };
                self.freeze(target, freeze, now)?
            }
            Command::Unfreeze(target) => {
                self.change(|overlay| match overlay.freezes.remove(target) {
                    Some(_) => Ok(format!("Target {target} takes requests again.")),
                    None => Err(format!("Target {target} is not frozen.")),
                })?
            }
            Command::KeyAdd { address } => self.add_key(address.as_deref(), order, now)?,
            Command::KeyRestore(key) => {
                self.change(|overlay| match overlay.keys_removed.remove(key) {
                    Some(_) => Ok(format!("The key {key} is believed again, where it is.")),
                    None => Err(format!("No command took the key {key} away.")),
                })?
            }
            Command::KeyRemove(key) => {
                if matches!(&order.by.how, How::OpenPgp { key: signed } if signed == key) {
                    return Err("That key signed this mail: nobody could take that back by mail. \
                                Take it out of the keyring's folder, or remove it with `gatepost \
                                do` on the bot's machine."
                        .into());
                }
                self.change(|overlay| {
                    overlay.keys_added.remove(key);
                    overlay.keys_removed.insert(key.clone(), change());
                    Ok(format!(
                        "The key {key} is not believed any more, wherever it is. \"key list\" shows \
                         what is left."
                    ))
                })?
            }
            Command::Allow(address) => self.change(|overlay| {
                let denied = overlay.denied.remove(address).is_some();
                overlay.allowed.insert(address.clone(), change());
                let no_more = if denied { " is denied no more, and" } else { "" };
                Ok(format!(
                    "{address}{no_more} is one of the submitters, where a list names them; the key \
                     of a tag has to be known all the same."
                ))
            })?,
            Command::Deny(address) => self.deny(address, change())?,
            Command::ManagerAdd(address) => self.change(|overlay| {
                overlay.managers_removed.remove(address);
                overlay.managers_added.insert(address.clone(), change());
                Ok(format!("{address} is a release manager."))
            })?,
            Command::ManagerRemove(address) => self.remove_manager(address, change())?,
            Command::EmergencyStop { reason } => {
                let reason = reason.clone().unwrap_or_else(|| "an emergency".into());
                let stop = Pause { reason, by: order.by.address.clone(), at: now };
                self.change(|overlay| {
                    let before = replaced(overlay.stop.replace(stop));
                    Ok(format!(
                        "Everything is stopped: until \"resume\", signed with OpenPGP, nothing is \
                         fetched, pushed, started or cancelled, and no letter goes out but answers \
                         to commands. Pipelines that run in GitLab go on there.{before}"
                    ))
                })?
            }
            Command::Show(_)
            | Command::Log { .. }
            | Command::Retest { .. }
            | Command::Cancel(_)
            | Command::Approve { .. }
            | Command::Refuse { .. }
            | Command::Ignore(_)
            | Command::Priority { .. }
            | Command::Note { .. } => return Err("A request has to be named.".into()),
        };
        Ok(Answer::Done(said))
    }

    /// Changes the overlay, unless that is refused or there is no room for it.
    fn change(
        &mut self,
        change: impl FnOnce(&mut Overlay) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut changed = self.overlay.clone();
        let said = change(&mut changed)?;
        if !changed.fits() {
            return Err(
                "There is no room for more of these: move some into the configuration and \
                        the keyring, and take them back here."
                    .into(),
            );
        }
        self.overlay = changed;
        self.changed.overlay = true;
        self.put_in_force();
        Ok(said)
    }

    /// Has the policy say what the overlay does.
    pub(super) fn put_in_force(&mut self) {
        for (name, target) in &mut self.policy.targets {
            target.freeze = self.overlay.freezes.get(name).cloned();
        }
    }

    fn pause(&mut self, words: &[String], order: &Order, now: Timestamp) -> Result<String, String> {
        let list = words.first().map(|word| ListName::new(word.trim_end_matches(':')));
        let list = list.filter(|list| self.policy.lists.contains_key(list));
        if list.is_none()
            && let Some(near) = self.list_like(words)
        {
            return Err(format!(
                "There is no list {:?}: is it \"pause {near} …\"? Or begin the reason otherwise.",
                words[0]
            ));
        }
        let reason = words[usize::from(list.is_some())..].join(" ");
        if reason.is_empty() {
            return Err("A pause needs a reason: it is shown wherever something waits.".into());
        }
        let pause = Pause { reason, by: order.by.address.clone(), at: now };
        self.change(|overlay| {
            Ok(match list {
                Some(list) => {
                    let before = replaced(overlay.paused_lists.insert(list.clone(), pause));
                    format!(
                        "No new test of a request of list {list} begins until \"resume {list}\"; \
                         running ones go on.{before}"
                    )
                }
                None => {
                    let before = replaced(overlay.pause.replace(pause));
                    format!(
                        "No new test begins, of any list, until \"resume\"; running ones go \
                         on.{before}"
                    )
                }
            })
        })
    }

    /// The list that somebody may have meant, where the first of several words is nearly its name.
    fn list_like(&self, words: &[String]) -> Option<&ListName> {
        let [first, _, ..] = words else { return None };
        let first = first.trim_end_matches(':');
        let near = |list: &&ListName| {
            list.as_str().len() > 4 && strsim::damerau_levenshtein(list.as_str(), first) <= 2
        };
        self.policy.lists.keys().find(near)
    }

    /// Ends whatever is stopped. What ends an emergency has to be a person's own word.
    fn resume(&mut self, order: &Order) -> Result<String, String> {
        if self.overlay.stop.is_some() {
            needs_person(order)?;
        }
        self.change(|overlay| {
            let was = |what: &str, pause: &Pause| {
                let reason = pause.reason.trim_end_matches('.');
                format!("{what}, since {} by {}: {reason}", clock(pause.at), pause.by)
            };
            let mut ended = Vec::new();
            ended.extend(overlay.stop.take().map(|stop| was("the emergency stop", &stop)));
            ended.extend(overlay.breaker.take().map(|it| was("the stop of outgoing mail", &it)));
            ended.extend(overlay.pause.take().map(|pause| was("the pause", &pause)));
            for (list, pause) in std::mem::take(&mut overlay.paused_lists) {
                ended.push(was(&format!("the pause of list {list}"), &pause));
            }
            if ended.is_empty() {
                return Err("Nothing is paused or stopped.".into());
            }
            Ok(format!("The bot goes on. Ended: {}.", ended.join("; ")))
        })
        .inspect(|_| self.tally.reset_breaker())
    }

    fn resume_list(&mut self, list: &ListName) -> Result<String, String> {
        self.change(|overlay| match overlay.paused_lists.remove(list) {
            Some(pause) => Ok(format!(
                "Tests of list {list} go on; {} had paused them at {}.",
                pause.by,
                clock(pause.at)
            )),
            None => Err(format!("List {list} is not paused.")),
        })
    }

    fn freeze(
        &mut self,
        target: &TargetName,
        freeze: Freeze,
        now: Timestamp,
    ) -> Result<String, String> {
        if !self.policy.targets.contains_key(target) {
            let names: Vec<_> = self.policy.targets.keys().map(ToString::to_string).collect();
            return Err(format!("There is no target {target}; there are: {}.", names.join(", ")));
        }
        if !freeze.holds(now) {
            return Err("That time is past.".into());
        }
        let until = freeze.until.map_or_else(
            || format!("\"unfreeze {target}\""),
            |until| format!("{}, or \"unfreeze {target}\"", clock(until)),
        );
        let why = freeze.reason.as_deref().map_or_else(
            || " No reason is given.".to_owned(),
            |reason| format!(" The reason: {reason}"),
        );
        self.change(|overlay| {
            let before = overlay.freezes.insert(target.clone(), freeze).map(|freeze| Pause {
                reason: freeze.reason.unwrap_or_else(|| "no reason".into()),
                by: freeze.by,
                at: freeze.at,
            });
            let before = replaced(before);
            Ok(format!(
                "Target {target} is frozen until {until}; tests that run go on.{why}{before}"
            ))
        })
    }

    fn deny(&mut self, address: &str, change: Change) -> Result<String, String> {
        if self.policy.administrator.eq_ignore_ascii_case(address) {
            return Err("The administrator can't be denied: nobody could take it back.".into());
        }
        self.change(|overlay| {
            overlay.allowed.remove(address);
            overlay.denied.insert(address.to_owned(), change);
            Ok(format!(
                "Neither requests nor commands are taken from {address} any more; what is open \
                 goes on."
            ))
        })
    }

    fn remove_manager(&mut self, address: &str, change: Change) -> Result<String, String> {
        let configured = self.policy.managers.clone();
        self.change(|overlay| {
            let before = overlay.managers(&configured);
            let added = overlay.managers_added.remove(address).is_some();
            let named = configured.iter().any(|manager| manager.eq_ignore_ascii_case(address));
            if named {
                overlay.managers_removed.insert(address.to_owned(), change);
            }
            let after = overlay.managers(&configured);
            if !added && before == after {
                Err(format!("{address} is no release manager."))
            } else if after.is_empty() {
                Err(format!("{address} is the last release manager: add another one first."))
            } else {
                Ok(format!("{address} is a release manager no more."))
            }
        })
    }

    /// Believes a key as that person's. It must not make anybody out of somebody: an address that
    /// another key has, or that has rights here, is put into the keyring's folder by hand.
    fn add_key(
        &mut self,
        address: Option<&str>,
        order: &Order,
        now: Timestamp,
    ) -> Result<String, String> {
        let offer = match order.keys.as_slice() {
            [] if matches!(order.by.how, How::Socket) => {
                return Err("Name the key's file: gatepost do --key FILE 'key add ADDRESS'.".into());
            }
            [] => {
                return Err("There is no OpenPGP key in the signed part of this mail: put the \
                            armored public key (gpg --export --armor) into its text, or attach it."
                    .into());
            }
            [Err(why)] => return Err(format!("The key can't be added: {why}.")),
            [Ok(offer)] => offer,
            [..] => return Err("There are several keys in this mail; one at a time.".into()),
        };
        if let Some(trouble) = &offer.trouble {
            return Err(format!("The key {} would not be believed: {trouble}.", offer.fingerprint));
        }
        let whose = self.owner_of(address, offer, order)?;
        let added = AddedKey { address: whose.clone(), by: order.by.address.clone(), at: now };
        let key = offer.fingerprint.clone();
        self.change(|overlay| {
            overlay.keys_removed.remove(&key);
            overlay.keys_added.insert(key.clone(), added);
            Ok(format!(
                "The key {key} is believed as that of {whose}. By itself it says: {}. Compare the \
                 fingerprint with its owner's.",
                offer.owner
            ))
        })
    }

    fn owner_of(
        &self,
        address: Option<&str>,
        offer: &Offer,
        order: &Order,
    ) -> Result<String, String> {
        let whose = match (address, offer.addresses.as_slice()) {
            (Some(address), _) => address.to_owned(),
            (None, [only]) => only.clone(),
            (None, []) => return Err("The key names no address: write whose it is.".into()),
            (None, [..]) => {
                let all = offer.addresses.join(", ");
                return Err(format!("The key names several addresses ({all}): write whose it is."));
            }
        };
        // Who has the bot's own account has its keyring as well.
        if !matches!(order.by.how, How::Socket)
            && self.role(&whose, false).is_some_and(|role| role >= super::rights::Role::Manager)
        {
            return Err(format!(
                "{whose} has rights of its own here. Such a key is not added by mail: put it into \
                 the keyring's folder on the bot's machine, or give it to `gatepost do --key` there."
            ));
        }
        Ok(whose)
    }
}

/// That something took the place of what somebody had said before.
fn replaced(before: Option<Pause>) -> String {
    before.map_or_else(String::new, |before| {
        format!(" It replaces that of {} by {}: {}", clock(before.at), before.by, before.reason)
    })
}

fn looked(look: Look) -> Answer {
    Answer::Look(look)
}

fn word(row: &'static Row) -> String {
    row.word.to_owned()
}

fn shelf_word(shelf: Shelf) -> String {
    let found = Shelf::ALL.into_iter().find(|(_, each)| *each == shelf);
    found.map_or_else(String::new, |(word, _)| word.to_owned())
}

fn needs_person(order: &Order) -> Result<(), String> {
    if order.by.how.proof() == crate::pull::command::Proof::Person {
        return Ok(());
    }
    Err("Everything is stopped. What ends an emergency stop has to be signed with your OpenPGP key."
        .into())
}
