//! One input on its way to being durable. Where one record, mail or command makes the step or the
//! put fail, the step is taken back, that one is left out, and the input is taken again. What can't
//! be put down to one of them is not made up for.

use crate::pull::aside::RecordKey;
use crate::pull::world::{Arrived, Cause, Input, Memory, Step};

/// An input that is being taken.
pub(super) struct Attempt {
    pub(super) input: Input,
    /// What the world remembered before it.
    pub(super) before: Memory,
    /// What is set aside on its account.
    pub(super) aside: Vec<(RecordKey, String)>,
    /// A command that could not even be written down as refused.
    pub(super) refused: Option<String>,
    pub(super) next: Next,
}

/// What is next.
pub(super) enum Next {
    /// To take the world back to what is durable.
    TakeBack,
    /// To step.
    Step,
    /// To make that durable.
    Put(Box<Step>),
}

impl Attempt {
    pub(super) fn new(input: Input, before: Memory) -> Self {
        Self { input, before, aside: Vec::new(), refused: None, next: Next::Step }
    }

    /// Leaves what is to blame out; whether that is something that was still in.
    pub(super) fn leave_out(&mut self, cause: Cause, why: &str) -> bool {
        self.next = Next::TakeBack;
        match cause {
            Cause::Arrival(place) => self.pass_over(place, why),
            Cause::Command => self.refuse(why),
            Cause::Orders(id) => self.set_aside(RecordKey::Mail(id), why),
            Cause::Record(key) => self.set_aside(key, why),
        }
    }

    fn set_aside(&mut self, key: RecordKey, why: &str) -> bool {
        let known = self.aside.iter().any(|(aside, _)| *aside == key);
        self.aside.push((key, why.to_owned()));
        !known
    }

    /// A mail that came is passed over, and named.
    fn pass_over(&mut self, place: usize, why: &str) -> bool {
        let Input::Read { folder, arrivals, .. } = &mut self.input else { return false };
        let Some(arrival) = arrivals.get_mut(place) else { return false };
        if matches!(arrival.what, Arrived::SetAside { .. }) {
            return false;
        }
        let id = arrival.message_id.as_ref();
        let id = id.map_or_else(|| "without a Message-ID".to_owned(), |id| id.bracketed());
        let why = format!(
            "The mail {id} of folder {:?} (account {}), received at {}: {why}. It is passed over.",
            folder.folder, folder.account, arrival.received_at
        );
        arrival.what = Arrived::SetAside { why };
        true
    }

    /// A command is refused; one that can't even be written down is let go.
    fn refuse(&mut self, why: &str) -> bool {
        let Input::Command(order) = &mut self.input else { return false };
        let why = format!("This was not carried out, the bot itself failed at it: {why}.");
        if order.command.is_ok() {
            order.command = Err(why);
        } else {
            self.refused = Some(why);
            self.input = Input::Tick;
        }
        true
    }
}
