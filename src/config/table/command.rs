//! The keys of `[command]`.

use super::super::keys::Key;
use super::super::keys::Presence::{Default, Optional, Required};
use super::kinds::{ADDRESS, COUNT, DURATION, NAME, TEXT, key};

const DKIM: &str = "\"verify\", \"header\" or \"off\"";
const RESOLVERS: &str = "a list of IP addresses, with a port where it is not 53";

pub(super) const COMMAND: &[Key] = &[
    key("account", NAME, Required("\"lists\""), "The account that receives the commands."),
    key("folder", TEXT, Default("\"INBOX\""), "The folder that holds them."),
    key(
        "address",
        ADDRESS,
        Optional("\"gatepost@example.org\""),
        "Where commands are mailed to: one signed for anybody else is refused. Without it the \
         address in bot.from.",
    ),
    key(
        "window",
        DURATION,
        Default("\"2 days\""),
        "Commands that were signed longer ago than this are refused.",
    ),
    key(
        "mails_per_hour",
        COUNT,
        Default("20"),
        "How many mails of one sender are read in an hour.",
    ),
    key(
        "dkim",
        DKIM,
        Default("\"verify\""),
        "What proves the sender of a mail without an OpenPGP signature, who may then give harmless \
         commands: a DKIM signature of the sender's domain that the bot verifies itself, what the \
         own mail server wrote about it into Authentication-Results, or nothing.",
    ),
    key(
        "authserv_id",
        TEXT,
        Optional("\"mx.example.org\""),
        "With dkim = \"header\": the name with which that mail server begins the header.",
    ),
    key(
        "resolvers",
        RESOLVERS,
        Default("[]"),
        "With dkim = \"verify\": the DNS servers to ask; empty: the system's.",
    ),
];
