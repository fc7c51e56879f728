//! What a grammar finds in a text.

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
    pub(super) fn weight(&self) -> usize {
        let facts = [&self.reference, &self.tip, &self.base];
        facts.iter().filter(|fact| fact.is_some()).count()
    }
}
