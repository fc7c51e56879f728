//! Answers to mails to the command mailbox.

use crate::bot::answers::help_lines;
use crate::mail::letter::{Answered, Copied, Draft, Told};
use crate::pull::command_mail::CommandMail;
use crate::pull::verbs::row_of;

use crate::letters::world::World;

pub(crate) fn transcripts(world: &World) -> Vec<(String, Draft)> {
    let id = "two-things@maintainer.example".parse().unwrap();
    let from = "alice@maintainer.example";
    let mail = CommandMail::new(id, from, "two things", &[], world.now, None, world.now).unwrap();
    let told = [
        Told {
            line: "retest fresh 12",
            answer: Answered::Done("Request 12 is queued again, with a new merge.".into()),
        },
        Told {
            line: "aprove 13",
            answer: Answered::Refused(
                "There is no command \"aprove\". Did you mean \"approve\"?".into(),
            ),
        },
        Told {
            line: "help retest",
            answer: Answered::Shown { lines: help_lines(row_of("retest")), attached: None },
        },
        Told {
            line: "log 12 check-s390x",
            answer: Answered::Shown {
                lines: vec!["Job check-s390x of run 9: failed.".into()],
                attached: Some(("run-9-check-s390x.log.txt".into(), "not ok 3\n".into())),
            },
        },
    ];
    let write = |remark, told: &[Told<'_>], copied| {
        world.writer.transcript(&mail, remark, told, copied, world.now).unwrap()
    };
    let unproved = "The mail has no OpenPGP signature. Send \
                    it again, signed with your OpenPGP key (gpg --clearsign, or your mail \
                    program's \"sign\").";
    vec![
        ("transcript".into(), write(None, &told[..3], Copied::Managers)),
        ("transcript-attached".into(), write(None, &told[3..], Copied::Nobody)),
        ("transcript-unproved".into(), write(Some(unproved), &[], Copied::Nobody)),
    ]
}
