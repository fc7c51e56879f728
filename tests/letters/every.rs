//! Each letter whole, against the one that was read and found good.

use crate::mail::letter::{Delivering, Draft};

use crate::letters::same_as_kept;
use crate::letters::world::every_letter;

fn as_text(draft: &Draft) -> String {
    let bytes = String::from_utf8(draft.bytes.clone()).unwrap();
    let letter = &draft.letter;
    format!(
        "{:?} {:?} {:?}\n\n{}",
        letter.audience,
        letter.list.as_ref().map(|list| list.as_str()),
        letter.recipients,
        bytes.replace("\r\n", "\n")
    )
}

#[test]
fn every_letter_reads_as_it_was_approved() {
    for (name, draft) in every_letter(Delivering::Live) {
        same_as_kept!(name, as_text(&draft));
    }
}

#[test]
fn in_shadow_mode_the_managers_read_what_others_would() {
    let shadows = [
        "passed",
        "refused-unsigned",
        "held-late-author",
        "asked-failed",
        "alert",
        "key-expires-owner",
    ];
    for (name, draft) in every_letter(Delivering::Shadow) {
        if shadows.contains(&name.as_str()) {
            same_as_kept!(format!("shadow-{name}"), as_text(&draft));
        }
    }
}
