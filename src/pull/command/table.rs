//! The table of commands: how each is written, what it does, who may give it. `help`,
//! `docs/commands.md` and the parser are made of it.

use super::sender::Proof;

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The command's words: one, or two.
    pub(crate) word: &'static str,
    /// How it is written.
    pub(crate) usage: &'static str,
    /// What it does, in a sentence or two.
    pub(crate) does: &'static str,
    /// One as people write it.
    pub(crate) example: &'static str,
    /// Who may give it.
    pub(crate) may: May,
    /// How strong the proof of who gives it has to be.
    pub(crate) needs: Proof,
    /// Whether it changes anything: then the release managers get a copy of the answer.
    pub(crate) changes: bool,
    /// Whether its last argument is running text.
    pub(crate) text: bool,
}

/// Who may give a command. The administrator may give each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Whoever may give any.
    Anybody,
    /// An author for an own request; a maintainer for requests that touch the own paths; release
    /// managers for all.
    Author,
    /// Release managers.
    Manager,
    /// The administrator alone.
    Administrator,
}

/// The row of a command's words; the first one where there is none.
pub(crate) fn row_of(word: &str) -> &'static Row {
    TABLE.iter().find(|row| row.word == word).unwrap_or(&TABLE[0])
}

const fn asks(
    word: &'static str,
    usage: &'static str,
    example: &'static str,
    may: May,
    does: &'static str,
) -> Row {
    let needs = Proof::Domain;
    Row { word, usage, does, example, may, needs, changes: false, text: false }
}

const fn does(
    word: &'static str,
    usage: &'static str,
    example: &'static str,
    may: May,
    does: &'static str,
) -> Row {
    Row { changes: true, ..asks(word, usage, example, may, does) }
}

const fn signed(row: Row) -> Row {
    Row { needs: Proof::Person, ..row }
}

const fn text(row: Row) -> Row {
    Row { text: true, ..row }
}

/// Every command, in the order of `help`.
pub(crate) const TABLE: &[Row] = &[
    asks(
        "help",
        "help [COMMAND]",
        "help approve",
        May::Anybody,
        "Lists the commands, or explains one.",
    ),
    asks(
        "status",
        "status",
        "status",
        May::Manager,
        "Says what the bot does: what is paused, what is open, what each request waits for.",
    ),
    asks(
        "list",
        "list [open|held|queued|done]",
        "list held",
        May::Manager,
        "Lists requests; without a word, what somebody who takes over has to know: what is stopped \
         and by whom, what waits for a person, what is tested, what was concluded last.",
    ),
    asks(
        "show",
        "show ID",
        "show 12",
        May::Author,
        "Shows a request or a run (run-N): where it stands, what it waits for, its history.",
    ),
    asks(
        "log",
        "log ID JOB",
        "log 12 build-fedora",
        May::Manager,
        "Sends the end of a job's log, of the last pipeline of a request or a run.",
    ),
    signed(does(
        "test",
        "test URL REF SHA [TARGET]",
        "test https://git.example.org/alice/qemu.git staging \
         0123456789abcdef0123456789abcdef01234567",
        May::Manager,
        "Tests a commit that is merged already, and answers whoever asked; without a target, for \
         the first one.",
    )),
    does(
        "retest",
        "retest [fresh] ID",
        "retest fresh 12",
        May::Author,
        "Tests the same candidate again; with fresh, a new merge onto the target as it is now. A \
         request that is set aside is taken up again where it stood (release managers only).",
    ),
    does(
        "cancel",
        "cancel ID",
        "cancel 12",
        May::Author,
        "Stops a request, or a run (run-N), and cancels its pipeline; nobody is told.",
    ),
    signed(does(
        "approve",
        "approve ID [WHAT]",
        "approve 12 4f2a91c0beef",
        May::Manager,
        "Lifts the hold of a request. WHAT is the beginning of the tag object's id or of the CI \
         difference, as the letter about the hold has it: if it is another one by now, nothing is \
         approved.",
    )),
    text(does(
        "refuse",
        "refuse ID REASON",
        "refuse 12 The tree is frozen for 9.0; please send it again next week.",
        May::Manager,
        "Refuses a request; its author is told why, on the list if the tag's signer is trusted.",
    )),
    does(
        "ignore",
        "ignore ID",
        "ignore 12",
        May::Manager,
        "Leaves a request alone for good: it is not tested, and nobody is told.",
    ),
    does(
        "priority",
        "priority ID N",
        "priority 12 5",
        May::Manager,
        "Gives a request another place in the queue: higher numbers go first, 0 is usual.",
    ),
    text(does(
        "pause",
        "pause [LIST] REASON",
        "pause The runners are down until Monday.",
        May::Manager,
        "Begins no new test, of any list or of one, until resume; running ones go on.",
    )),
    does(
        "resume",
        "resume [LIST]",
        "resume",
        May::Manager,
        "Ends a pause; without a list, every pause, an emergency stop, and the stop of outgoing \
         mail after a flood. To end an emergency stop it has to be signed with OpenPGP.",
    ),
    text(does(
        "freeze",
        "freeze TARGET [until DATE] [REASON]",
        "freeze master until 2026-12-15 Release candidates only.",
        May::Manager,
        "Takes no request into a target until then (2026-12-15, or 2026-12-15T18:00Z), or until \
         unfreeze: what the configuration says under `frozen` becomes of them.",
    )),
    does(
        "unfreeze",
        "unfreeze TARGET",
        "unfreeze master",
        May::Manager,
        "Ends a freeze; requests that were held for it go on by themselves.",
    ),
    signed(does(
        "key add",
        "key add [ADDRESS|FINGERPRINT]",
        "key add alice@example.org",
        May::Administrator,
        "Believes the OpenPGP key that is in the mail, in its text or attached, as that person's. \
         Without an address it is the key's own, if it has only one. With the fingerprint of a key \
         that was removed it needs no key: that one is believed again, as the keyring's folder has it.",
    )),
    signed(does(
        "key remove",
        "key remove FINGERPRINT",
        "key remove 0123456789ABCDEF0123456789ABCDEF01234567",
        May::Administrator,
        "Believes a key no more, wherever it is; for good, use gpg's revocation as well.",
    )),
    signed(asks(
        "key list",
        "key list",
        "key list",
        May::Administrator,
        "Lists the keyring: whose each key is, until when it is good, which ones commands added.",
    )),
    signed(does(
        "allow",
        "allow ADDRESS",
        "allow alice@example.org",
        May::Administrator,
        "Takes back a deny; and where a list names its submitters, this address is one of them.",
    )),
    signed(does(
        "deny",
        "deny ADDRESS",
        "deny mallory@example.org",
        May::Administrator,
        "Takes neither requests nor commands from an address any more; the administrator's own \
         can't be denied.",
    )),
    signed(does(
        "manager add",
        "manager add ADDRESS",
        "manager add carol@example.org",
        May::Administrator,
        "Makes somebody a release manager, who is told of what is held and may give commands.",
    )),
    signed(does(
        "manager remove",
        "manager remove ADDRESS",
        "manager remove carol@example.org",
        May::Administrator,
        "Makes somebody a release manager no more; the last one stays.",
    )),
    text(does(
        "note",
        "note ID TEXT",
        "note 12 Waits for the answer of the s390x people.",
        May::Manager,
        "Writes something down beside a request, for whoever may show that; list has it, too.",
    )),
    text(does(
        "emergency-stop",
        "emergency-stop [REASON]",
        "emergency-stop Pipelines run amok.",
        May::Manager,
        "Stops everything until resume: nothing is fetched, pushed, started or cancelled, and no \
         letter goes out but the answers to commands.",
    )),
];
