//! What the parser makes of texts.

mod refused;
