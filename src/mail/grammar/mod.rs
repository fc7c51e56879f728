//! The forms in which people ask for a pull. Each grammar takes a mail's own lines and says what is
//! asked, or nothing; a new form is a new grammar in `GRAMMARS`.

mod asked;
mod block;
mod prose;
mod sentence;
mod token;

pub(crate) use self::asked::Asked;

/// Reads what a text asks for. It gets the mail's own lines, quotes taken out, trimmed.
type Grammar = fn(&str) -> Option<Asked>;

/// All grammars, the surest first: where two find equally much, the first one is believed.
const GRAMMARS: [Grammar; 3] = [block::read, prose::read, sentence::read];

/// Reads what one of several forms of the same text asks for.
pub(crate) fn read(texts: &[String]) -> Option<Asked> {
    let mut best: Option<Asked> = None;
    for grammar in GRAMMARS {
        for asked in texts.iter().filter_map(|text| grammar(text)) {
            if best.as_ref().is_none_or(|best| best.weight() < asked.weight()) {
                best = Some(asked);
            }
        }
    }
    best
}
