//! Commands about what is set aside: `retest` takes it up again where it stood, `cancel`, `ignore`
//! and `refuse` end it. Everything else has to wait for that.

use jiff::Timestamp;

use super::World;
use super::rights::Role;
use crate::pull::aside::RecordKey;
use crate::pull::command::{Command, Named};
use crate::pull::command_mail::{Item, Order};
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::About;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::request::Stage;
use crate::pull::request::event::PullEvent;
use crate::pull::run::Why;

impl World {
    /// What a command does about something that is set aside; `None`: it is to be carried out as
    /// always.
    ///
    /// # Errors
    /// A sentence for whoever gave it.
    pub(super) fn take_up(
        &mut self,
        command: &Command,
        which: Option<&Result<Item, String>>,
        order: &Order,
        now: Timestamp,
    ) -> Result<Option<String>, String> {
        let keys = match (command.which(), which) {
            (Some(Named::Mail(id)), Some(Err(_))) => self.mails_aside(id),
            (_, Some(Ok(item))) => self.aside_of(*item),
            (_, Some(Err(_)) | None) => Vec::new(),
        };
        let Some(first) = keys.first() else { return Ok(None) };
        match command {
            Command::Show(_) | Command::Log { .. } => Ok(None),
            Command::Retest { .. } => {
                self.demand_manager(order)?;
                self.lift_all(&keys)?;
                Ok(Some(format!("{} is taken up again where it stood.", first.at_the_beginning())))
            }
            Command::Cancel(_) | Command::Ignore(_) | Command::Refuse { .. } => {
                self.lift_all(&keys)?;
                let letters = self.give_up_letters(&keys, order, now);
                match which {
                    Some(Ok(item)) if self.is_under_way(item) => return Ok(None),
                    Some(Ok(item)) if !letters => {
                        let number = self.pull_of(item);
                        return Ok(number.and_then(|number| self.end_concluded(number, now)));
                    }
                    Some(_) | None => {}
                }
                Ok(Some(format!("{} is given up.", first.at_the_beginning())))
            }
            Command::Approve { .. }
            | Command::Priority { .. }
            | Command::Note { .. }
            | Command::Help(_)
            | Command::Status
            | Command::List(_)
            | Command::Test { .. }
            | Command::Pause { .. }
            | Command::Resume { .. }
            | Command::Freeze { .. }
            | Command::Unfreeze(_)
            | Command::KeyAdd { .. }
            | Command::KeyRestore(_)
            | Command::KeyRemove(_)
            | Command::KeyList
            | Command::Allow(_)
            | Command::Deny(_)
            | Command::ManagerAdd(_)
            | Command::ManagerRemove(_)
            | Command::EmergencyStop { .. } => self.refuse_aside(which),
        }
    }

    /// Nothing is recorded in a request that is set aside itself.
    fn refuse_aside(&self, which: Option<&Result<Item, String>>) -> Result<Option<String>, String> {
        let Some(Ok(item)) = which else { return Ok(None) };
        let number = self.pull_of(item);
        let aside = number.and_then(|number| self.aside().get(&RecordKey::Pull(number)));
        match (number, aside) {
            (Some(number), Some(aside)) => Err(format!(
                "Nothing can be done about request {number}: {}. \"retest {number}\" takes it up \
                 again, \"ignore {number}\" ends it.",
                aside.because()
            )),
            (Some(_) | None, _) => Ok(None),
        }
    }

    /// Whether it is not concluded: then the command itself ends it.
    fn is_under_way(&self, item: &Item) -> bool {
        let open = |number: &PullNumber| {
            self.pulls.get(number).is_some_and(|pull| pull.stage.verdict().is_none())
        };
        match (self.pull_of(item), item) {
            (Some(number), _) => open(&number),
            (None, Item::Run(id)) => self.runs.get(id).is_some_and(|run| run.outcome().is_none()),
            (None, Item::Pull(_)) => false,
        }
    }

    /// Whoever mails a request that makes the bot fail must not have it tried again and again.
    fn demand_manager(&self, order: &Order) -> Result<(), String> {
        if self.role_of(order) >= Some(Role::Manager) {
            return Ok(());
        }
        Err("It is set aside because the bot itself failed at it: ask a release manager.".into())
    }

    /// What is set aside of a request or a run: itself, its runs, its letters.
    fn aside_of(&self, item: Item) -> Vec<RecordKey> {
        let pull = self.pull_of(&item);
        let belongs = |key: &&RecordKey| match (key, item) {
            (RecordKey::Pull(number), _) => pull == Some(*number),
            (RecordKey::Run(id), Item::Run(run)) if *id == run => true,
            (RecordKey::Run(id), _) => self.runs.get(id).is_some_and(|run| match run.why {
                Why::Attempt { pull: of, .. } => pull == Some(of),
                Why::Asked { .. } => false,
            }),
            (RecordKey::Letter(id), _) => {
                self.letters.get(id).is_some_and(|letter| match (&letter.about, item) {
                    (About::Pull(number), _) => pull == Some(*number),
                    (About::Run(run), Item::Run(id)) => *run == id,
                    (About::Run(_) | About::Mail(_) | About::Bot, _) => false,
                })
            }
            (RecordKey::Mail(_), _) => false,
        };
        self.aside().keys().filter(belongs).cloned().collect()
    }

    /// What is set aside under that Message-ID.
    fn mails_aside(&self, id: &MessageId) -> Vec<RecordKey> {
        let keys = [RecordKey::Letter(id.clone()), RecordKey::Mail(id.clone())];
        keys.into_iter().filter(|key| self.aside().contains_key(key)).collect()
    }

    fn lift_all(&mut self, keys: &[RecordKey]) -> Result<(), String> {
        match keys.iter().find(|key| !self.lift(key)) {
            None => Ok(()),
            Some(key) => Err({
                let key = key.at_the_beginning();
                format!("{key} fails at just that; it stays set aside.")
            }),
        }
    }

    /// Ends letters and command mails; whether there were any.
    fn give_up_letters(&mut self, keys: &[RecordKey], order: &Order, now: Timestamp) -> bool {
        let mut any = false;
        for key in keys {
            match key {
                RecordKey::Letter(id) => {
                    let trouble = Fault {
                        detail: format!("{} gave it up", order.by.address),
                        public: None,
                        retry_after: None,
                        kind: FaultKind::Permanent,
                    };
                    self.letter_event(id, LetterEvent::Rejected(trouble), now);
                    any = true;
                }
                RecordKey::Mail(id) => {
                    self.transcribed(id, now);
                    any = true;
                }
                RecordKey::Pull(_) | RecordKey::Run(_) => {}
            }
        }
        any
    }

    /// Ends what is concluded, whatever could not be done about it: its answer, or its closing.
    fn end_concluded(&mut self, number: PullNumber, now: Timestamp) -> Option<String> {
        let event = match self.pulls.get(&number)?.stage {
            Stage::Concluded { written: false, .. } => PullEvent::Written(Vec::new()),
            Stage::Answered { .. } => PullEvent::Forgotten,
            Stage::Received { .. }
            | Stage::Fetched { .. }
            | Stage::Verified { .. }
            | Stage::Held { .. }
            | Stage::Queued { .. }
            | Stage::Running { .. }
            | Stage::Concluded { written: true, .. }
            | Stage::Closed { .. } => return None,
        };
        self.pull_event(number, event, now);
        Some(format!("Request {number} is given up as it stands; nobody is told."))
    }
}
