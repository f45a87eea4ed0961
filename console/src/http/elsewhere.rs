//! The one way out to another host than the target: a look at what answers at a declared origin, without any credential.
//!
//! Asked only with the operator's consent. The answer is not evidence about the service; nothing of the target (tokens, extra headers,
//! cookies) goes along.

use std::time::Duration;

use super::{Answer, Client, Probe, Trouble};
use crate::target::{BaseUrl, Origin, Target};

/// Longest look at one origin.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is at an origin.
#[derive(Clone, Debug)]
pub enum Elsewhere {
    /// Its name leads to no address.
    Unresolved,
    /// Something answered GET /.
    Answered(Box<Answer>),
}

impl Client {
    /// Looks at `origin` with one GET of its root, within the run's own deadline and budget.
    pub async fn elsewhere(&self, origin: &Origin) -> Result<Elsewhere, Trouble> {
        let base = BaseUrl::parse(origin.as_str()).map_err(|error| Trouble::Unexpected(error.to_string()))?;
        let found = self.bounded(async { Ok(tokio::net::lookup_host((bare(base.host()), base.port())).await.is_ok()) }).await?;
        if !found {
            return Ok(Elsewhere::Unresolved);
        }
        let answer = self.towards(Target::new(base), PATIENCE)?.send(&Probe::get("/")).await?;
        Ok(Elsewhere::Answered(Box::new(answer)))
    }
}

/// A host as a resolver takes it: IPv6 without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}
