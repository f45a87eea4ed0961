//! The robustness suite: odd, oversized and malformed requests, each answered and none obeyed (RFC 9110, RFC 9112).
//!
//! What correct stock stacks do is never a flaw here: they differ widely in what they refuse, with which status, and what they pass over.
//! A flaw is what nobody may do: fail on what was sent, take one request for two, echo credentials, open the door or a file, or break
//! a limit that the operator declared. The rest is at most a remark. What could disturb other users of a deployment (ambiguous framing,
//! slow and huge requests, floods) runs only with consent.

mod ask;
mod bodies;
mod catalogue;
mod framing;
mod hosts;
mod ids;
mod lines;
mod methods;
mod paths;
mod quotes;
mod rate;
mod replay;
mod shape;
mod sizes;
mod slow;

#[cfg(test)]
mod tests;

pub use catalogue::CHECKS;
