//! Questions of the control socket, as the engine's thread answers them. They must not change
//! anything, nor end the bot whatever they come upon.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bot::engine::{Engine, words_of};
use crate::bot::message::{Order, Question, Reply};
use crate::bot::perform::commands::offers;
use crate::bot::shown::{Stalled, Status, UnreadFolder};
use crate::bot::view;
use crate::ports::{Fault, Folder};
use crate::pull::command::{Given, Sender as Giver, SenderProof};
use crate::pull::room::{LONGEST_ADDRESS, within};
use crate::pull::verbs::{self, parse};
use crate::pull::world::glance::Glance;

/// The answer to a question that is no command.
pub(super) fn answered(
    engine: &Engine,
    question: &Question,
    stalled: Option<&Stalled>,
    unread_folders: &BTreeMap<Folder, Stalled>,
) -> Reply {
    let store = engine.ports().store.as_ref();
    match question {
        Question::Audit(number) => view::audit(store, *number),
        Question::Do(_) => Reply::Refused("A command is not for looking.".into()),
        Question::Status => match glance(engine) {
            Ok(glance) => {
                let unread = |(folder, it): (&Folder, &Stalled)| UnreadFolder {
                    folder: format!("{}: {}", folder.account, folder.folder),
                    stalled: it.clone(),
                };
                Reply::Status(Box::new(Status {
                    running: true,
                    stalled: stalled.cloned(),
                    unread: unread_folders.iter().map(unread).collect(),
                    glance,
                }))
            }
            Err(why) => Reply::Refused(why),
        },
        Question::Show(named) => match glance(engine) {
            Ok(mut glance) => {
                if let Some(stalled) = stalled {
                    stalled.mark(&mut glance);
                }
                view::reply(&glance, store, named)
            }
            Err(why) => Reply::Refused(why),
        },
    }
}

/// What is open; a rule that panics costs the answer alone.
pub(super) fn glance(engine: &Engine) -> Result<Glance, String> {
    let now = engine.ports().clock.now();
    let looked = catch_unwind(AssertUnwindSafe(|| engine.world().glance(now)));
    looked.map_err(|panic| format!("The bot itself failed at that: {}.", words_of(&*panic)))
}

/// Who says to be at the socket.
fn giver(by: &str) -> Giver {
    Giver { address: within(by, LONGEST_ADDRESS), how: SenderProof::Socket }
}

/// A command as the socket brings it: from the bot's own user.
pub(super) fn ordered(engine: &Engine, order: Order) -> Result<verbs::Order, Fault> {
    let Order { line, by, reply_to, attached } = order;
    let keys = attached.into_iter().map(String::into_bytes).collect::<Vec<_>>();
    let given = Given {
        by: giver(&by),
        maintainer: false,
        on_list: false,
        thread: None,
        keys: offers(engine.ports(), &keys)?,
        reply_to: reply_to.map(|to| within(&to, LONGEST_ADDRESS)),
        mail: None,
    };
    let command = parse(&line, false).map_err(|error| error.to_string());
    Ok(verbs::Order { line, command, given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_the_socket_is_no_longer_than_a_record_takes() {
        assert_eq!(giver("rita").address, "rita");
        assert!(giver(&"\"".repeat(50_000)).address.len() < LONGEST_ADDRESS);
    }
}
