//! Answers as bytes.

use std::io;

use imap_codec::ResponseCodec;
use imap_codec::encode::Encoder;
use imap_codec::imap_types::response::{Data, Response};

/// A value that the protocol can't carry: a fault of this program, told as one of the connection.
pub(super) fn broken(error: impl std::fmt::Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

/// Encodes untagged data.
pub(super) fn encoded(data: Data<'_>) -> Vec<u8> {
    ResponseCodec::default().encode(&Response::Data(data)).dump()
}
