//! The letter about a request that its author seems to take back.

use super::{Case, Draft, LetterFault, Pen, body};
use crate::mail::words;
use crate::pull::verdict::Audience;

impl Pen {
    /// Writes to the release managers that a request's author seems to take it back; `None` if no
    /// such mail is known.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn retracted(&self, case: &Case<'_>) -> Result<Option<Draft>, LetterFault> {
        let Some(retraction) = &case.pull.retraction else { return Ok(None) };
        let over = case.pull.stage.verdict().is_some();
        let words = words::retracted(case.pull.number, over);
        let mut sheet = self.about_pull(case, Audience::Managers, "retracted", "Taken back")?;
        sheet.facts.insert(0, ("Verdict", "retracted".to_owned()));
        // Anybody can write it in the author's name.
        sheet.unproved = true;
        let text = body::retracted(case, &words, &retraction.said);
        self.write(sheet, text, Some(&case.list.address)).map(Some)
    }
}
