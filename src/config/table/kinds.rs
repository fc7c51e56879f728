//! What keys take, in the words of the reference page and of problems.

use crate::config::keys::{Key, Presence};

pub(super) const fn key(
    name: &'static str,
    what: &'static str,
    presence: Presence,
    doc: &'static str,
) -> Key {
    Key { name, what, presence, doc }
}

pub(super) const TEXT: &str = "a text";
pub(super) const NAME: &str = "a name of letters, digits, \"-\", \"_\" and \".\"";
pub(super) const ADDRESS: &str = "an address, such as \"user@example.org\"";
pub(super) const PERSON: &str = "a person, such as \"Gatepost <gatepost@example.org>\"";
pub(super) const ADDRESSES: &str = "a list of addresses";
pub(super) const DURATION: &str = "a duration, such as \"1h 30m\"";
pub(super) const SIZE: &str = "a size, such as \"2 GiB\"";
pub(super) const COUNT: &str = "a whole number above 0";
pub(super) const PORT: &str = "a port, 1 to 65535";
pub(super) const FLAG: &str = "true or false";
pub(super) const PATH: &str = "a path; relative ones start at this file's folder";
pub(super) const HOST: &str = "a host name or address";
pub(super) const TLS: &str = "\"implicit\", \"starttls\" or \"none\"";
pub(super) const MODE: &str = "\"live\" or \"shadow\"";
pub(super) const GIT_URL: &str = "a URL by https, http, git or ssh";
pub(super) const WEB_URL: &str = "a URL by https";
pub(super) const BRANCH: &str = "a branch name, without \"refs/heads/\"";
pub(super) const PROJECT: &str = "a project's full path, such as \"group/project\", or its number";
pub(super) const TEMPLATE: &str = "a branch name, with {target}, {number} and {attempt} filled in";
pub(super) const TEXTS: &str = "a list of texts";
pub(super) const UNKNOWN_KEYS: &str = "\"refuse\" or \"hold\"";
pub(super) const SCHEMES: &str = "a list of \"https\", \"http\", \"git\", \"ssh\"";
pub(super) const GLOBS: &str = "a list of host names, with * and ? as in file names";
pub(super) const ADDRESSES_IP: &str = "a list of IP addresses";
pub(super) const PATH_GLOBS: &str = "a list of paths from the repository's root, with *, ** and ?";
pub(super) const LINT: &str = "\"try\", \"require\" or \"off\"";
pub(super) const VARIABLES: &str = "a table of texts, such as { QEMU_CI = \"2\" }";
pub(super) const INPUTS: &str = "a table of texts, numbers, flags or lists of them";
pub(super) const SECRET: &str =
    "{ file = \"…\" }, { env = \"NAME\" }, { command = [\"…\"] } or { credential = \"…\" }";

pub(super) const NAMED: &str = "The name by which other sections and messages call it.";
pub(super) const ALLOW_PLAIN: &str =
    "Whether a connection without TLS may go to other machines than this one.";
pub(super) const CA_FILE: &str = "CA certificates (PEM) to believe; without it the system's are.";
