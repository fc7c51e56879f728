//! The forms in which people ask for a pull. Each grammar takes a mail's own lines and says what is
//! asked, or nothing; a new form is a new grammar in `GRAMMARS`.

mod block;
mod prose;
mod sentence;
mod token;

/// What a text asks to be pulled, as it is written there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The repository.
    pub(crate) url: String,
    /// The ref, where one is named.
    pub(crate) reference: Option<String>,
    /// The commit that the changes are based on.
    pub(crate) base: Option<String>,
    /// The commit that the ref leads to.
    pub(crate) tip: Option<String>,
}

impl Asked {
    /// How much of a request is there: the fullest reading of a text is the right one.
    fn weight(&self) -> usize {
        let facts = [&self.reference, &self.tip, &self.base];
        facts.iter().filter(|fact| fact.is_some()).count()
    }
}

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
