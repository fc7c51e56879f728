//! The keys of `[[list]]`.

use super::kinds::{ADDRESS, FLAG, NAME, NAMED, TEXT, key};
use crate::config::keys::Key;
use crate::config::keys::Presence::{Default, Optional, Required};

const MARKERS: &str = "a list of words, each of one word or several";
const UNUSUAL: &str = "a list of \"unmarked\", \"patch-series\", \"answers\"";
const BY_SUBJECT: &str = "a table of targets' names, such as { \"for-9.0\" = \"stable-9.0\" }";
const ADDRESS_GLOBS: &str = "a list of addresses, with * and ? as in file names";

pub(super) const LIST: &[Key] = &[
    key("name", NAME, Required("\"devel\""), NAMED),
    key("account", NAME, Required("\"lists\""), "The account that receives the list."),
    key("folder", TEXT, Default("\"INBOX\""), "The folder that holds its mails."),
    key("address", ADDRESS, Required("\"devel@lists.example.org\""), "Where one posts to it."),
    key(
        "list_id",
        TEXT,
        Optional("\"devel.lists.example.org\""),
        "Its List-Id, without brackets; without it the header is not looked at.",
    ),
    key("target", NAME, Required("\"master\""), "The target that its requests go into."),
    key(
        "targets",
        BY_SUBJECT,
        Default("{}"),
        "Targets by words of the subject, in brackets or not: -, _ and blanks are alike, and of \
         several words that fit the longest counts; all other requests go into `target`.",
    ),
    key(
        "markers",
        MARKERS,
        Default("[\"pull\"]"),
        "What marks a request in the subject, as whole words, in capitals or not.",
    ),
    key(
        "accept",
        UNUSUAL,
        Default("[]"),
        "What is acted on besides: requests without a marker, requests in a mail with [PATCH] in \
         its subject, answers whose own words hold a whole request. For the first and the last \
         far more mails have to be read whole.",
    ),
    key(
        "submitters",
        ADDRESS_GLOBS,
        Default("[]"),
        "Who may submit; other people's requests are left alone and counted. Empty: anybody, for \
         the tag's signature decides in any case.",
    ),
    key(
        "not_for_us",
        MARKERS,
        Default("[]"),
        "Words in the subject's brackets that say a request is for somebody else, such as \
         \"kvm-unit-tests\"; SUBSYSTEM, \"not for master\", and in the subject \"not for\" the \
         target's branch are known.",
    ),
    key(
        "near_misses",
        FLAG,
        Default("true"),
        "Whether the author alone is told why a request was not taken (no request in the mail, an \
         unsigned tag, a missing ref), if the keyring or `submitters` know the sender; if not, \
         it is only counted.",
    ),
    key(
        "retest_by_mail",
        FLAG,
        Default("false"),
        "Whether an OpenPGP-signed `gatepost: retest` in an answer on the list's thread counts.",
    ),
    key("private", FLAG, Default("false"), "Whether its archive is closed to the public."),
    key(
        "own_copy_folder",
        TEXT,
        Optional("\"Sent\""),
        "For a list that does not send the bot its own letters: the folder of the same account \
         where their blind copies arrive.",
    ),
];
