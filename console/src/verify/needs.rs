//! Which inputs a run has, and so which checks can be asked. The plan and the run decide by the same rule.

use super::{Inputs, Options};
use crate::checks::{Check, Need, Users};
use crate::target::{Target, Tokens, Update};
use crate::token::Compact;

/// The inputs of a run.
pub(super) struct Given<'a> {
    target: &'a Target,
    inputs: &'a Inputs,
    /// Whether there is a token of A, one of B, and whether they are JWTs.
    tokens: [bool; 3],
    writes: bool,
}

impl<'a> Given<'a> {
    /// What a plan can know: tokens that will be obtained are assumed to come, and to be JWTs.
    pub(super) fn planned(target: &'a Target, options: &Options, inputs: &'a Inputs) -> Self {
        let writes = may_write(target, options);
        let a = !matches!(target.tokens, Tokens::None) && (writes || !matches!(target.tokens, Tokens::Signup));
        let b = a && !matches!(target.tokens, Tokens::Given { b: None, .. });
        Self { target, inputs, tokens: [a, b, a], writes }
    }

    /// What a run knows once it has its users.
    pub(super) fn obtained(target: &'a Target, options: &Options, inputs: &'a Inputs, users: &Users) -> Self {
        let jwt = users.a.as_ref().is_some_and(|user| Compact::parse(user.token.expose()).is_some());
        Self { target, inputs, tokens: [users.a.is_some(), users.b.is_some(), jwt], writes: may_write(target, options) }
    }

    /// The first input that `check` needs and that is not there.
    pub(super) fn missing(&self, check: &Check) -> Option<Need> {
        let of_tokens = |need| matches!(need, Need::Token | Need::TwoUsers | Need::Jwt);
        let unmade = matches!(self.target.tokens, Tokens::Signup) && !self.writes;
        let missing = check.needs.iter().copied().find(|need| !self.has(*need))?;
        let [a, _, jwt] = self.tokens;
        Some(match missing {
            need if unmade && of_tokens(need) => Need::Writes,
            // No key mints what is no JWT.
            Need::SigningKey if a && !jwt => Need::Jwt,
            need => need,
        })
    }

    /// Routes beside the declared resource, and paths that have to ask for a token.
    pub(super) fn further_routes(&self) -> u64 {
        (self.target.routes.all.len() + self.target.paths.protected.len()) as u64
    }

    /// Whether the run makes what its objects live in.
    pub(super) fn has_parents(&self) -> bool {
        self.writes && self.target.parent.is_some()
    }

    /// Whether the run may make accounts that it then has to delete.
    pub(super) fn deletes_accounts(&self) -> bool {
        let accounts = &self.target.accounts;
        self.writes && accounts.signup.is_some() && accounts.delete.is_some()
    }

    fn has(&self, need: Need) -> bool {
        let (target, [a, b, jwt]) = (self.target, self.tokens);
        match need {
            Need::Origins => !target.origins.is_empty(),
            Need::Token => a,
            Need::TwoUsers => a && b,
            Need::Jwt => jwt,
            Need::SigningKey => target.mint().is_some() && (jwt || !a),
            Need::Writes => self.writes,
            Need::GetRoute => target.resource.offers.get,
            Need::ListRoute => target.resource.offers.list,
            Need::SightRoute => target.resource.offers.get || target.resource.offers.list,
            Need::OwnReads => !target.is_read_by_others(),
            Need::UpdateRoute => target.resource.update != Update::None,
            Need::DeleteRoute => target.resource.offers.delete,
            Need::Intrusive => target.allow_intrusive,
            Need::HealthPath => target.paths.health.is_some(),
            Need::LivePath => target.paths.live.is_some(),
            Need::Https => target.base.is_https(),
            Need::Repository => self.inputs.repository.is_some(),
            Need::AskOrigins => target.ask_origins,
            Need::CsrfToken => target.csrf.is_some(),
            Need::Configuration => target.configuration.is_some(),
            Need::RateLimit => target.policy.declared.rate_limit.is_some(),
            Need::HeaderTimeout => target.policy.declared.header_timeout.is_some(),
            Need::BodyTimeout => target.policy.declared.body_timeout.is_some(),
            Need::Idempotency => target.policy.declared.idempotency_header.is_some(),
            Need::DeclaredSecrets => !self.inputs.secrets.is_empty(),
        }
    }
}

/// Whether the run may create objects: the host allows it, the operator did not forbid it, and there is a user to create them as.
pub(super) fn may_write(target: &Target, options: &Options) -> bool {
    target.may_write() && !options.read_only && !matches!(target.tokens, Tokens::None)
}
