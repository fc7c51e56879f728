//! mlmmj: one mailing list, as a folder. Only subscribers may post; it changes neither subject nor
//! body.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::Path;

use crate::rig::{DOMAIN, LIST, MAIL_USER, id_of_group, id_of_user};

/// What `mlmmj-make-ml` makes, which asks its questions on a terminal.
const FOLDERS: [&str; 14] = [
    "incoming",
    "queue",
    "queue/discarded",
    "archive",
    "text",
    "subconf",
    "unsubconf",
    "bounce",
    "control",
    "moderation",
    "subscribers.d",
    "digesters.d",
    "nomailsubs.d",
    "requeue",
];

/// Makes a list in a new folder that sends through that MX, with those subscribers.
pub(crate) fn make_list(list: &Path, mx: SocketAddr, subscribers: &[String]) {
    fs::create_dir(list).expect("a new folder");
    for folder in FOLDERS {
        fs::create_dir(list.join(folder)).expect("a new folder");
    }
    let write = |name: &str, text: &str| fs::write(list.join(name), text).expect("a new file");
    write("index", "");
    write("control/listaddress", &format!("{LIST}\n"));
    write("control/owner", &format!("owner@{DOMAIN}\n"));
    write("control/relayhost", &format!("{}\n", mx.ip()));
    write("control/smtpport", &format!("{}\n", mx.port()));
    write("control/subonlypost", "");
    // It adds no List-* of its own.
    let id = LIST.replace('@', ".");
    let headers = format!("List-Id: <{id}>\nList-Post: <mailto:{LIST}>\nPrecedence: list\n");
    write("control/customheaders", &headers);
    copy_texts(&list.join("text"));
    // Subscribers are kept by first letter.
    for address in subscribers {
        let file = format!("subscribers.d/{}", &address[..1]);
        let others = fs::read_to_string(list.join(&file)).unwrap_or_default();
        write(&file, &format!("{others}{address}\n"));
    }
    give_away(list);
}

fn copy_texts(to: &Path) {
    for text in fs::read_dir("/usr/share/mlmmj/text.skel/en").expect("mlmmj is installed") {
        let text = text.expect("readable").path();
        fs::copy(&text, to.join(text.file_name().expect("a file"))).expect("copied");
    }
}

/// mlmmj works only as the owner of the list's folder.
fn give_away(path: &Path) {
    chown(path, Some(id_of_user(MAIL_USER)), Some(id_of_group(MAIL_USER))).expect("root may");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("our folder") {
            give_away(&entry.expect("readable").path());
        }
    }
}
