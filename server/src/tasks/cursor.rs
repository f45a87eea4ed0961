//! Keyset pagination: where a list continues.
//!
//! A cursor holds the last id of a page and a tag over that id and its owner. The tag is not what keeps users apart (every
//! list is `WHERE owner = ...` whatever the cursor says): it makes somebody else's cursor plain nonsense, refused like any other
//! malformed one, instead of a position in a list that it was not made for. It needs no key, so it survives rotation and
//! every replica agrees on it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use uuid::Uuid;

use super::store::Page;
use crate::auth::Owner;
use crate::problem::Problem;

/// Tasks on a page when the client does not say, and at most.
const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;
const ID_BYTES: usize = 16;
const TAG_BYTES: usize = 8;

/// `limit` and `cursor` as they were sent; the cursor is read when the owner is known.
#[derive(Debug, Default)]
pub(crate) struct PageQuery {
    limit: Option<u8>,
    cursor: Option<String>,
}

/// For routes that take no query at all: `?user_id=` is refused, not silently ignored.
#[derive(Debug)]
pub(crate) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(_) => Err(Problem::Unprocessable("This route takes no query parameters.".into())),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl PageQuery {
    /// Each parameter at most once, and no others.
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut page = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" if page.limit.is_none() => page.limit = Some(limit(&value)?),
                "cursor" if page.cursor.is_none() => page.cursor = Some(value.into_owned()),
                _ => {
                    return Err(Problem::Unprocessable("Only limit and cursor are query parameters here, once each.".into()));
                }
            }
        }
        Ok(page)
    }

    /// The page to ask the store for.
    pub(crate) fn for_owner(&self, owner: &Owner) -> Result<Page, Problem> {
        let before = self.cursor.as_deref().map(|cursor| position(owner, cursor)).transpose()?;
        Ok(Page { before: before.unwrap_or(Uuid::max()), limit: self.limit.unwrap_or(DEFAULT_LIMIT) })
    }
}

/// A page size in plain digits.
fn limit(text: &str) -> Result<u8, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|limit| digits && (1..=MAX_LIMIT).contains(limit));
    number.ok_or(Problem::Unprocessable("limit is a whole number from 1 to 100.".into()))
}

/// The cursor that continues after `last` in its owner's list.
pub(crate) fn after(owner: &Owner, last: Uuid) -> String {
    let mut bytes = [0; ID_BYTES + TAG_BYTES];
    let (id, rest) = bytes.split_at_mut(ID_BYTES);
    id.copy_from_slice(last.as_bytes());
    rest.copy_from_slice(&tag(owner, last));
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The last id of the page before, if this cursor was made for this owner.
fn position(owner: &Owner, cursor: &str) -> Result<Uuid, Problem> {
    let read = || {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (id, rest) = bytes.split_at_checked(ID_BYTES)?;
        let id = Uuid::from_slice(id).ok()?;
        (rest == tag(owner, id)).then_some(id)
    };
    read().ok_or(Problem::Unprocessable("cursor is not one that this list gave you; start again without it.".into()))
}

/// Binds an id to its owner. The version in the prefix lets the form of cursors change.
fn tag(owner: &Owner, id: Uuid) -> [u8; TAG_BYTES] {
    let digest =
        Sha256::new().chain_update(b"tasks cursor 1\0").chain_update(id.as_bytes()).chain_update(owner.as_str()).finalize();
    let mut tag = [0; TAG_BYTES];
    tag.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    tag
}
