//! The hardened tasks API.
