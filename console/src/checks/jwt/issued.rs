//! A token that the service itself issued, as far as one can be had: what the console minted says nothing about the issuer.

use crate::checks::Context;
use crate::http::Trouble;
use crate::target::Tokens;
use crate::token::Compact;

use super::ask::of_a;

/// A's token where the service issued it, else that of the shared session; `None` where there is none or where it is opaque.
pub(super) async fn token(cx: &Context) -> Result<Option<Compact>, Trouble> {
    if !matches!(cx.target.tokens, Tokens::Mint(_)) {
        return of_a(cx).map(Some);
    }
    let session = cx.registry.shared().await?;
    Ok(session.and_then(|session| Compact::parse(session.user.token.expose())))
}
