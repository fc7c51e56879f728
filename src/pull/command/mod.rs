//! What commands are made of, whichever they are. In reading order: [`sender`] (who gives one, and what
//! proves that), [`given`] (what comes with it), [`mod@named`] (which request is meant), [`row`] (how
//! one is written, what it does, who may give it), `arguments` (the words behind its own), `dates`,
//! [`mistakes`] (what is wrong with a line that is none) and [`answer`] (what comes of one). It must
//! not know which commands there are: `pull::verbs` lists them.

pub mod answer;
pub(crate) mod arguments;
pub(crate) mod dates;
pub mod given;
pub mod mistakes;
pub mod named;
pub mod row;
pub mod sender;

pub use self::answer::{Answer, ListFilter, Look};
pub use self::given::{Given, Item, Offer};
pub use self::mistakes::BadCommand;
pub use self::named::{Named, named};
pub use self::row::{Copies, Row, WhoMay};
pub use self::sender::{Proof, Sender, SenderProof};
