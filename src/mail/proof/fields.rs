//! The fields of a header as they came, undecoded. It must not pass over any that a reader would
//! see.

use super::super::look;

/// One field, folded as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'m> {
    /// Its name, without blanks around it.
    pub(crate) name: &'m [u8],
    /// What stands behind the colon, line ends included.
    pub(crate) value: &'m [u8],
}

impl Field<'_> {
    /// Whether it is called so, in capitals or not.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a mail or a part, topmost first. A line without a colon is none.
pub(crate) fn fields(entity: &[u8]) -> Vec<Field<'_>> {
    let header = look::header(entity);
    let mut fields = Vec::new();
    let mut start = 0;
    while start < header.len() {
        let end = field_end(header, start);
        let raw = &header[start..end];
        if let Some(colon) = raw.iter().position(|byte| *byte == b':') {
            let (name, value) = (raw[..colon].trim_ascii(), &raw[colon + 1..]);
            fields.push(Field { name, value });
        }
        start = end;
    }
    fields
}

/// Whether every reader finds the same fields in a header: each line is a name with its colon, or
/// goes on with the line above (RFC 5322, section 2.2). Parsers pass over what is not so in ways of
/// their own, and one would see a field where another, such as who signs, sees none.
pub(crate) fn is_plain(entity: &[u8]) -> bool {
    let header = look::header(entity);
    let mut lines = header.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    });
    let is_field = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        !name.is_empty() && name.len() < line.len() && name.iter().all(u8::is_ascii_graphic)
    };
    let goes_on = |line: &[u8]| line.starts_with(b" ") || line.starts_with(b"\t");
    let is_clean = |line: &[u8]| !line.iter().any(|byte| matches!(byte, b'\r' | b'\0'));
    lines.next().is_none_or(|first| is_field(first) && is_clean(first))
        && lines.all(|line| {
            is_clean(line)
                && (line.is_empty()
                    || is_field(line)
                    || goes_on(line) && !line.trim_ascii().is_empty())
        })
}

/// What follows the header.
pub(crate) fn body(entity: &[u8]) -> &[u8] {
    let header = look::header(entity);
    let rest = &entity[header.len()..];
    if !header.is_empty() {
        return rest;
    }
    // It begins with the empty line that ends its header.
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest)
}

/// The fields of that name.
pub(crate) fn named<'f, 'm>(fields: &'f [Field<'m>], name: &str) -> Vec<&'f Field<'m>> {
    fields.iter().filter(|field| field.is(name)).collect()
}

/// Where the field ends that starts there: before the first line that does not go on with it.
fn field_end(header: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let line = header[at..].iter().position(|byte| *byte == b'\n');
        let Some(line) = line else { return header.len() };
        at += line + 1;
        if !matches!(header.get(at), Some(b' ' | b'\t')) {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_plain_that_every_reader_reads_alike() {
        for header in [
            "A: b\r\nC-D:\r\n\te\r\n f: g\r\n\r\n \r\ntext",
            "A: b\nC: d\n\ntext",
            "A: b\r\nC:",
            "\r\nno header",
            "",
        ] {
            assert!(is_plain(header.as_bytes()), "{header:?}");
        }
        for header in [
            " A: b\r\n\r\n",
            "A: b\r\nno field\r\n\r\n",
            "A: b\r\nno field\r\n From: c\r\n\r\n",
            "A: b\r\n:From: c\r\n\r\n",
            "A: b\r\nFrom : c\r\n\r\n",
            "A: b\r\nFr om: c\r\n\r\n",
            "A: b\r\nFr\u{e4}m: c\r\n\r\n",
            "A: b\r\n \t\r\n From: c\r\n\r\n",
            "A: b\rFrom: c\r\n\r\n",
            "A: b\r\r\nFrom: c\r\n\r\n",
            "A: b\0\r\n\r\n",
        ] {
            assert!(!is_plain(header.as_bytes()), "{header:?}");
        }
    }
}
