//! The keyring folder: OpenPGP certificates and SSH allowed signers, and what they prove.
