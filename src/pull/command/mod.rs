//! What commands are made of, whichever they are. In reading order: [`sender`] (who gives one, and what
//! proves that), [`given`] (what comes with it), [`mod@named`] (which request is meant), [`row`] (how
//! one is written, what it does, who may give it), `arguments` (the words behind its own), `dates`,
//! [`mistakes`] (what is wrong with a line that is none) and [`answer`] (what comes of one). It must
//! not know which commands there are: `pull::verbs` lists them.

pub(crate) mod answer;
pub(crate) mod arguments;
pub(crate) mod dates;
pub(crate) mod given;
pub(crate) mod mistakes;
pub(crate) mod named;
pub(crate) mod row;
pub(crate) mod sender;

pub(crate) use self::answer::{Answer, ListFilter, Look};
pub(crate) use self::given::{Given, Item, Offer};
pub(crate) use self::mistakes::BadCommand;
pub(crate) use self::named::{Named, named};
pub(crate) use self::row::{Copies, Row, WhoMay};
pub(crate) use self::sender::{Proof, Sender, SenderProof};
