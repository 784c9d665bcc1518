//! Adapts hickory's `RequestHandler` to [`respond_uncompressed`].
//!
//! # Design
//!
//! hickory encodes records itself, so a response is made without compression, taken apart and handed over: what fits
//! uncompressed is sent as it was decided here, and hickory's own truncation has nothing to do.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_server::net::runtime::Time;
use hickory_server::net::xfer::Protocol;
use hickory_server::proto::serialize::binary::BinDecoder;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::{MessageResponseBuilder, Queries};

use super::{Publisher, Transport, respond_uncompressed};
use crate::dns::hickory::Parts;

/// Answers what hickory's sockets receive.
pub(super) struct Handler {
    pub(super) publisher: Publisher,
    /// How many queries are being answered.
    pub(super) in_flight: Arc<AtomicUsize>,
}

thread_local! {
    /// Room for one response a thread.
    static OUT: RefCell<Vec<u8>> = RefCell::new(vec![0; usize::from(u16::MAX)]);
}

impl Handler {
    fn respond(&self, query: &[u8], client: IpAddr, transport: Transport) -> Option<Parts> {
        let served = self.publisher.load();
        OUT.with_borrow_mut(|out| {
            let length = respond_uncompressed(query, client, transport, &served, out)?;
            served.note(&out[..length]);
            Parts::new(&out[..length])
        })
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut handle: R) -> ResponseInfo {
        let _counted = InFlight::enter(&self.in_flight);
        let transport = if request.protocol() == Protocol::Udp { Transport::Udp } else { Transport::Tcp };
        let Some(parts) = self.respond(request.as_slice(), request.src().ip(), transport) else {
            return not_sent(request);
        };
        let no_question = Queries::read(&mut BinDecoder::new(&[]), 0);
        let question = match &no_question {
            Ok(none) if !parts.has_question => none,
            _ => &request.queries,
        };
        let [answers, authorities, additionals] = &parts.sections;
        let builder = MessageResponseBuilder::new(question, parts.edns.as_ref());
        let response = builder.build(parts.metadata, answers, authorities, [], additionals);
        handle.send_response(response).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "an answer could not be sent");
            not_sent(request)
        })
    }
}

/// What hickory's caller is told when nothing was sent; it only looks at it for its own log.
fn not_sent(request: &Request) -> ResponseInfo {
    let header = hickory_server::proto::op::Header { metadata: request.metadata, counts: Default::default() };
    ResponseInfo::from(header)
}

/// Counts a query for as long as it is being answered.
struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    fn enter(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
