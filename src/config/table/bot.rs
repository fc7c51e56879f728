//! The keys of `[bot]`.

use super::super::keys::Key;
use super::super::keys::Presence::{Default, Optional, Required};
use super::kinds::{ADDRESS, ADDRESSES, COUNT, DURATION, MODE, PATH, PERSON, key};

pub(super) const BOT: &[Key] = &[
    key(
        "from",
        PERSON,
        Required("\"Gatepost <gatepost@example.org>\""),
        "From whom its letters are.",
    ),
    key(
        "administrator",
        ADDRESS,
        Required("\"admin@example.org\""),
        "Who keeps it running: told of tokens, mailboxes, disks and bugs.",
    ),
    key(
        "release_managers",
        ADDRESSES,
        Required("[\"release@example.org\"]"),
        "Who decides and merges: told of what is held or stuck.",
    ),
    key(
        "mode",
        MODE,
        Default("\"live\""),
        "\"shadow\" runs real pipelines and sends every letter to the release managers only; answers \
         to commands, and letters to the administrator, still go where they belong.",
    ),
    key(
        "control_socket",
        PATH,
        Optional("\"/run/gatepost/control.sock\""),
        "The socket that the command line talks to; without it `control.sock` in the state \
         directory.",
    ),
    key(
        "unanswered_after",
        DURATION,
        Default("\"24h\""),
        "A request unanswered for this long is told to the release managers.",
    ),
    key(
        "late_after",
        DURATION,
        Default("\"7 days\""),
        "A request mailed longer ago than this when it is first seen is held.",
    ),
    key("old_tag_after", DURATION, Default("\"14 days\""), "A tag older than this is held."),
    key(
        "fetch_patience",
        DURATION,
        Default("\"2h\""),
        "Missing refs, mismatched tips and unreachable repositories are tried for this long.",
    ),
    key(
        "letters_per_hour",
        COUNT,
        Default("20"),
        "How many letters of a kind may go to one address in an hour. The kinds are counted apart: \
         answers on a list, alerts, letters because of mail whose sender nothing proves, and the \
         rest. More wait. Answers to commands are outside of this.",
    ),
    key(
        "letters_per_hour_in_all",
        COUNT,
        Default("200"),
        "How many letters may go out in an hour; more pause all mail until `resume`, and the \
         administrator is told. Letters because of mail whose sender nothing proves are counted \
         apart: as many of them may go, and more only wait.",
    ),
];
