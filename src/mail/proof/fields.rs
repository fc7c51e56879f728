//! The fields of a header as they came, undecoded. It must not pass over any that a reader would
//! see.

use super::super::look;

/// One field, folded as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'m> {
    /// Its name, without blanks around it.
    pub name: &'m [u8],
    /// What stands behind the colon, line ends included.
    pub value: &'m [u8],
}

impl Field<'_> {
    /// Whether it is called so, in capitals or not.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Its value on one line, as text.
    pub fn text(&self) -> String {
        let one_line: Vec<u8> =
            self.value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        String::from_utf8_lossy(&one_line).trim().to_owned()
    }
}

/// The fields of a mail or a part, topmost first. A line without a colon is none.
pub fn fields(entity: &[u8]) -> Vec<Field<'_>> {
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

/// What follows the header.
pub fn body(entity: &[u8]) -> &[u8] {
    let header = look::header(entity);
    let rest = &entity[header.len()..];
    if !header.is_empty() {
        return rest;
    }
    // It begins with the empty line that ends its header.
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest)
}

/// The fields of that name.
pub fn named<'f, 'm>(fields: &'f [Field<'m>], name: &str) -> Vec<&'f Field<'m>> {
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
