//! Streams that may be packed with gzip, as lists offer their archives: the first two bytes tell
//! (RFC 1952, section 2.3.1).

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// The stream, unpacked if it is packed.
///
/// # Errors
/// The stream can't be read.
pub(super) fn unpacked<'a>(mut from: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut first = Vec::with_capacity(2);
    from.by_ref().take(2).read_to_end(&mut first)?;
    let packed = first == [0x1f, 0x8b];
    let whole = Cursor::new(first).chain(from);
    if packed { Ok(Box::new(MultiGzDecoder::new(whole))) } else { Ok(Box::new(whole)) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text)?;
        packed.finish()
    }

    #[test]
    fn members_are_read_one_after_the_other_and_plain_text_as_it_is() -> io::Result<()> {
        let packed = [gzip(b"one ")?, gzip(b"two")?].concat();
        for (from, text) in [(&packed[..], "one two"), (b"plain", "plain"), (b"p", "p"), (b"", "")]
        {
            assert_eq!(io::read_to_string(unpacked(from)?)?, text);
        }
        Ok(())
    }

    #[test]
    fn a_cut_archive_is_an_error() -> io::Result<()> {
        let packed = gzip(b"one two three")?;
        assert!(io::read_to_string(unpacked(&packed[..packed.len() - 4])?).is_err());
        Ok(())
    }
}
