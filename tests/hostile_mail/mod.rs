//! The reader on mails made to break it: each is read on a small stack, within a bound on memory
//! and within a bound on work, and gets a reason. What fuzzing found is replayed the same way.

mod bombs;
mod cost;
mod found;
mod properties;

use crate::mail::{self, Reading, Reason};

/// What the reader says of a mail, for a comparison: its reason, or `None` for a request.
fn reason(bytes: &[u8]) -> Option<Reason> {
    mail::read(bytes).reason()
}

/// Panics unless what is promised of every reading holds for the reading of these bytes.
fn check(bytes: &[u8]) {
    let reading = mail::read(bytes);
    assert_eq!(reading, mail::read(bytes), "the same bytes gave another reading");
    let worth = mail::heading(bytes).refusal().is_none();
    let cover = match reading {
        Reading::Request(cover) => {
            assert!(worth, "a request whose heading is not worth reading");
            cover
        }
        Reading::Aside { cover, .. } => cover,
        Reading::Not { subject, .. } => return assert!(!subject.contains(char::is_control)),
    };
    let request = &cover.request;
    for text in [&cover.subject, &request.url, &request.reference, &cover.author.address] {
        assert!(!text.contains(char::is_control), "a control character in {text:?}");
    }
    let Some(cover) = cover.bounded() else { return };
    let json = serde_json::to_vec(&cover).unwrap();
    // 5 KiB of text, and the names and numbers; a record may have 15 KiB.
    assert!(json.len() <= 6 * 1024, "a cover letter of {} bytes", json.len());
    assert_eq!(serde_json::from_slice::<crate::pull::cover::Cover>(&json).unwrap(), cover);
}
