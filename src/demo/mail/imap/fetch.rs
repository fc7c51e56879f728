//! FETCH (RFC 3501, section 6.4.5): parts of a mail as a client asks for them. It must not know
//! which mails were asked for.

use std::num::NonZeroU32;

use imap_codec::imap_types::core::{AString, IString, Literal, NString, Vec1};
use imap_codec::imap_types::datetime::DateTime;
use imap_codec::imap_types::fetch::{MessageDataItem, MessageDataItemName, Section};
use imap_codec::imap_types::flag::Flag;
use imap_codec::imap_types::response::Data;

use super::super::folder::StoredMail;
use super::super::headers;
use super::encoding::encoded;

/// Whether this server has such an item.
pub(super) fn is_offered(item: &MessageDataItemName<'_>) -> bool {
    match item {
        MessageDataItemName::BodyExt { section, .. } => match section {
            None => true,
            Some(
                Section::Header(part)
                | Section::Text(part)
                | Section::HeaderFields(part, _)
                | Section::HeaderFieldsNot(part, _),
            ) => part.is_none(),
            Some(Section::Part(_) | Section::Mime(_)) => false,
        },
        MessageDataItemName::Flags
        | MessageDataItemName::InternalDate
        | MessageDataItemName::Rfc822
        | MessageDataItemName::Rfc822Header
        | MessageDataItemName::Rfc822Size
        | MessageDataItemName::Rfc822Text
        | MessageDataItemName::Uid => true,
        _ => false,
    }
}

/// Whether fetching the item sets `\Seen`.
pub(super) fn marks_seen(item: &MessageDataItemName<'_>) -> bool {
    match item {
        MessageDataItemName::BodyExt { peek, .. } => !peek,
        MessageDataItemName::Rfc822 | MessageDataItemName::Rfc822Text => true,
        _ => false,
    }
}

/// A mail's items as untagged FETCH data, encoded. Items that are not offered are left out.
pub(super) fn data(
    number: NonZeroU32,
    mail: &StoredMail,
    items: &[MessageDataItemName<'static>],
) -> Vec<u8> {
    let bytes = mail.bytes();
    let values: Vec<_> = items.iter().filter_map(|item| value(mail, &bytes, item)).collect();
    match Vec1::try_from(values) {
        Ok(items) => encoded(Data::Fetch { seq: number, items }),
        Err(_) => Vec::new(),
    }
}

fn value<'a>(
    mail: &StoredMail,
    bytes: &'a [u8],
    item: &MessageDataItemName<'static>,
) -> Option<MessageDataItem<'a>> {
    let (header, body) = headers::split(bytes);
    Some(match item {
        MessageDataItemName::Uid => MessageDataItem::Uid(NonZeroU32::new(mail.uid)?),
        MessageDataItemName::Flags => {
            MessageDataItem::Flags(mail.seen.then(|| Flag::Seen.into()).into_iter().collect())
        }
        MessageDataItemName::InternalDate => MessageDataItem::InternalDate(internal_date(mail)?),
        MessageDataItemName::Rfc822Size => {
            MessageDataItem::Rfc822Size(u32::try_from(bytes.len()).ok()?)
        }
        MessageDataItemName::Rfc822 => MessageDataItem::Rfc822(literal(bytes)),
        MessageDataItemName::Rfc822Header => MessageDataItem::Rfc822Header(literal(header)),
        MessageDataItemName::Rfc822Text => MessageDataItem::Rfc822Text(literal(body)),
        MessageDataItemName::BodyExt { section, partial, .. } => {
            let whole = match section {
                None => bytes.to_vec(),
                Some(Section::Header(None)) => header.to_vec(),
                Some(Section::Text(None)) => body.to_vec(),
                Some(Section::HeaderFields(None, names)) => picked(header, names, true),
                Some(Section::HeaderFieldsNot(None, names)) => picked(header, names, false),
                Some(_) => return None,
            };
            let (from, length) = partial
                .map_or((0, whole.len()), |(from, count)| (from as usize, count.get() as usize));
            let from_byte = from.min(whole.len());
            let to = from_byte.saturating_add(length).min(whole.len());
            MessageDataItem::BodyExt {
                section: section.clone(),
                origin: partial.map(|(from, _)| from),
                data: literal(&whole[from_byte..to]),
            }
        }
        _ => return None,
    })
}

/// The header fields with (or without) those names, and the empty line.
fn picked(header: &[u8], names: &Vec1<AString<'static>>, with: bool) -> Vec<u8> {
    let named = |field: &[u8]| {
        names
            .as_ref()
            .iter()
            .any(|name| headers::is_named(field, &String::from_utf8_lossy(name.as_ref())))
    };
    let mut out: Vec<u8> = headers::fields(header)
        .into_iter()
        .filter(|field| named(field) == with)
        .collect::<Vec<_>>()
        .concat();
    out.extend_from_slice(b"\r\n");
    out
}

/// A literal can't carry NUL; servers put another byte there, as Dovecot does.
fn literal(bytes: &[u8]) -> NString<'static> {
    let clean: Vec<u8> = bytes.iter().map(|&b| if b == 0 { 0x80 } else { b }).collect();
    NString(Literal::try_from(clean).ok().map(IString::Literal))
}

fn internal_date(mail: &StoredMail) -> Option<DateTime> {
    let utc = chrono::DateTime::from_timestamp(mail.received.as_second(), 0)?;
    DateTime::try_from(utc.fixed_offset()).ok()
}
