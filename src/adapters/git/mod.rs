//! Git: the mirror, the quarantines, the child that does all remote work, merge and push.
