//! The isolation suite: may one user touch what is another's (OWASP API1:2023, broken object level authorization)?
//!
//! User A is the victim and makes an object with a canary in its title; user B, or nobody, tries to get at it. An answer that holds A's
//! canary is a leak whatever its status; an object that changed is a flaw whatever the answer said, so every attempt to write is
//! followed by a read as A. Every check makes its own objects: none disturbs another, but for one that
//! all only read, and one that only requests without a token attack.
//!
//! `stage` sets the scene and looks at it again, `judge` holds the rules, `face` compares answers, `page` reads lists, `owner` says what
//! names an owner, `apart` whether A's ids mean anything of A's to B, `plain` what is open without a detour, `guesses` which undeclared routes there are; the other rooms are families of checks, and `catalogue` is their cards.

mod accounts;
mod apart;
mod assign;
mod below;
mod bulk;
mod cache;
mod catalogue;
mod claim;
mod clash;
mod control;
mod exposed;
mod face;
mod foreign;
mod forms;
mod guesses;
mod injected;
mod judge;
mod lifecycle;
mod listing;
mod oracle;
mod owner;
mod page;
mod parent;
mod plain;
mod powers;
mod recreated;
mod references;
mod routes;
mod search;
mod sessions;
mod siblings;
mod stage;
mod tallies;
mod tenancy;
mod together;
mod toggle;
mod totals;
mod whose;

pub use catalogue::{ANEW, CHECKS, STILL};
pub(super) use page::Page;
pub(super) use search::SEARCHES;
