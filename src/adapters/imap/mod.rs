//! IMAP: one folder of one account, over our own transport with deadlines and a byte cap.
