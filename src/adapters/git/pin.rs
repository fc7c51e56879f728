//! From a ref as a mail writes it to a pinned commit, and the tag object on the way. It must not
//! judge the signature: the keyring does.

use git2::{ObjectType, Oid, Reference, Repository};
use jiff::Timestamp;

use crate::pull::ids::ObjectId;
use crate::pull::room::written;
use crate::pull::tag::{LONGEST_REFERENCE, Pinned, Tag};

/// The largest tag object that is read.
const LARGEST_TAG: usize = 1 << 20;

/// The full refs that a mail's ref may mean, in the order they are tried: a bare name is a tag
/// before it is a branch. Empty if it is no ref at all.
pub(crate) fn candidates(reference: &str) -> Vec<String> {
    let name = reference.trim();
    let full = if name.is_empty() || name == "HEAD" {
        return vec!["HEAD".into()];
    } else if name.starts_with("refs/") {
        vec![name.to_owned()]
    } else if name.starts_with("tags/") || name.starts_with("heads/") {
        vec![format!("refs/{name}")]
    } else {
        vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")]
    };
    let usable = |one: &String| Reference::is_valid_name(one) && written(one) <= LONGEST_REFERENCE;
    full.into_iter().filter(usable).collect()
}

/// The object as libgit2 names it.
pub(crate) fn oid(id: ObjectId) -> Result<Oid, git2::Error> {
    Oid::from_bytes(id.as_bytes())
}

/// The object as the rules name it.
pub(crate) fn id(oid: Oid) -> ObjectId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&oid.as_bytes()[..20]);
    ObjectId::from_bytes(bytes)
}

/// Pins what a ref leads to; `None` if that is no commit, nor a tag of one.
///
/// # Errors
/// libgit2's own: the object is not there, or not sound.
pub(crate) fn pin(
    repo: &Repository,
    reference: &str,
    found: Oid,
) -> Result<Option<Pinned>, git2::Error> {
    let (size, kind) = repo.odb()?.read_header(found)?;
    let reference = reference.to_owned();
    match kind {
        ObjectType::Commit => Ok(Some(Pinned { reference, tip: id(found), tag: None })),
        ObjectType::Tag if size <= LARGEST_TAG => {
            let tag = repo.find_tag(found)?;
            if tag.target_type() != Some(ObjectType::Commit) {
                return Ok(None);
            }
            let tip = id(tag.target_id());
            Ok(Some(Pinned { reference, tip, tag: Some(described(&tag)) }))
        }
        _ => Ok(None),
    }
}

fn described(tag: &git2::Tag<'_>) -> Tag {
    let tagger = tag.tagger();
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', "");
    let tag = Tag {
        id: id(tag.id()),
        payload: None,
        name: lossy(tag.name_bytes()),
        tagger: tagger.as_ref().map_or_else(String::new, |who| {
            format!("{} <{}>", lossy(who.name_bytes()), lossy(who.email_bytes()))
        }),
        tagged_at: tagger.and_then(|who| Timestamp::from_second(who.when().seconds()).ok()),
        message: text_of(tag.message_bytes().unwrap_or_default()),
    };
    tag.bounded()
}

/// A tag's text without its signature, which starts at the last line that says so, as git reads
/// it.
fn text_of(message: &[u8]) -> String {
    const MARKS: [&[u8]; 3] = [
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN SSH SIGNATURE-----",
    ];
    let starts_line = |at: &usize| *at == 0 || message[at - 1] == b'\n';
    let marked = |at: &usize| MARKS.iter().any(|mark| message[*at..].starts_with(mark));
    let signature = (0..message.len()).rev().find(|at| starts_line(at) && marked(at));
    let text = &message[..signature.unwrap_or(message.len())];
    // A control character takes six bytes of a record, and says nothing.
    let is_text = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = String::from_utf8_lossy(text).chars().filter(is_text).collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_tag_before_it_is_a_branch() {
        assert_eq!(candidates("x"), ["refs/tags/x", "refs/heads/x"]);
        assert_eq!(candidates("tags/x/y"), ["refs/tags/x/y"]);
        assert_eq!(candidates("heads/x"), ["refs/heads/x"]);
        assert_eq!(candidates("refs/pull/1/head"), ["refs/pull/1/head"]);
        assert_eq!(candidates(""), ["HEAD"]);
    }

    #[test]
    fn what_is_no_ref_is_looked_for_nowhere() {
        for bad in ["a b", "../x", "x..y", "refs/*", "-x:y", "x\u{7f}", "x^{}"] {
            assert!(candidates(bad).is_empty(), "{bad:?}");
        }
        assert_eq!(candidates(&"x".repeat(400)).len(), 2);
        assert!(candidates(&"x".repeat(LONGEST_REFERENCE)).is_empty());
    }

    #[test]
    fn the_signature_starts_at_the_last_mark() {
        let text =
            "one\n-----BEGIN PGP SIGNATURE-----\nquoted\n-----BEGIN SSH SIGNATURE-----\nreal\n";
        assert_eq!(text_of(text.as_bytes()), "one\n-----BEGIN PGP SIGNATURE-----\nquoted");
        assert_eq!(
            text_of(b"a -----BEGIN PGP SIGNATURE-----\n"),
            "a -----BEGIN PGP SIGNATURE-----"
        );
        assert_eq!(text_of(b"-----BEGIN PGP SIGNATURE-----\n"), "");
    }

    #[test]
    fn a_text_of_control_characters_is_no_large_record() {
        assert_eq!(text_of(b"a\x01\x1b[31m\r\n\tb\x7f"), "a[31m\n\tb");
    }
}
