//! Does one piece of work in the world outside and says what came of it. Repeating work after a
//! crash is safe: where a port's method is not, the record that announces it was put before.

use crate::mail::letter::Draft;
use crate::ports::{Fault, FileName};
use crate::pull::letter::{Letter, LetterState};
use crate::pull::policy::Policy;
use crate::pull::world::{Done, Subject, Work};

use super::journal;
use super::ports::Ports;

mod chores;
pub(super) mod commands;
mod letter;
mod near_miss;
mod request;
mod run;

/// A worker, with what it works with. How it does each task is in the files below.
pub(crate) struct Worker<'a> {
    ports: &'a Ports,
    policy: &'a Policy,
}

/// Does a piece of work. It may block for as long as its ports do.
pub(crate) fn perform(ports: &Ports, policy: &Policy, work: &Work) -> Done {
    let subject = work.subject();
    if ports.in_force.is_stopped() && !work.passes_a_stop() {
        return Done::Withheld(subject);
    }
    if let Some(key) = subject.record() {
        ports.journal.begun(journal::Work::Record(key));
    }
    let worker = Worker { ports, policy };
    match work {
        Work::Pull(on, work) => {
            let reply = work.perform(on, &worker);
            match subject {
                Subject::Notice(number) => Done::Notice(number, reply),
                _ => Done::Pull(on.pull.number, reply),
            }
        }
        Work::Run(on, work) => Done::Run(on.run.id, work.perform(on, &worker)),
        Work::Letter(letter, work) => {
            Done::Letter(letter.id.clone(), work.perform(letter, &worker))
        }
        Work::Mail(mail, work) => Done::Mail(mail.id.clone(), work.perform(mail, &worker)),
        Work::Chore(chore) => Done::Chore(chore.perform(&worker)),
    }
}

/// What to record when doing a piece of work panicked.
pub(crate) fn panicked(work: Work, said: &str) -> Done {
    let fault = Fault::bug(format!("The bot itself failed: {said}"))
        .retry_after(jiff::SignedDuration::from_mins(10));
    work.failed(&fault, "A bug in the bot")
}

/// Keeps a letter's text, and gives its record.
fn keep(ports: &Ports, draft: Draft) -> Result<Letter, Fault> {
    let Draft { mut letter, bytes } = draft;
    let blind = letter.list.as_ref().and_then(|list| ports.desk.blind_copies.get(list));
    letter.blind = blind.cloned();
    debug_assert!(matches!(letter.state, LetterState::Ready { .. }));
    ports.store.put_file(&FileName::Letter(letter.id.clone()), &bytes)?;
    Ok(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::fault;
    use crate::pull::room::written;
    use crate::pull::world::chores::{ChoreWork, RemoveOldFiles};

    #[test]
    fn what_goes_wrong_at_length_is_told_in_few_words() {
        let long = "\"".repeat(50_000);
        let fault = Fault::temporary(long.as_str()).saying(long.as_str()).shortened();
        let public = fault.public.unwrap_or_default();
        assert!(written(&fault.detail) <= fault::LONGEST && written(&public) <= fault::LONGEST);
        let work =
            Work::Chore(ChoreWork::RemoveOldFiles(RemoveOldFiles(jiff::SignedDuration::ZERO)));
        let Done::Chore(done) = panicked(work, &long) else { panic!() };
        assert!(format!("{done:?}").len() <= 3 * fault::LONGEST);
    }
}
