//! The macro that writes a table of reactions.

/// Writes THE table of what happens after what.
///
/// One row a message; in it one line a reaction, in the order they run. `in_request` takes the listener itself,
/// `queued` the type of a listener or a job. `queued_in_order` is `queued` over a FIFO queue: it serialises what is about
/// one stream (of a task: one subject), but does not give commit order. `published` is `queued` by way of the topic: the
/// event is sent once, and every queue gets it that is subscribed to it. A family in quotes, such as `"order.*"`, is
/// `published` for whoever is subscribed elsewhere. A message without a row cannot be emitted, and a job `in_request` does not
/// compile. Rows for [`TaskFailed`](crate::TaskFailed), which the kit emits, and [`ObjectCreated`](crate::ObjectCreated), which
/// a bucket tells, are written as any other, under those names.
///
/// ```
/// # use postroom::{Event, Job, Listener, Message, Outcome, StreamId, Tx, Envelope, reactions};
/// # use postroom::{Effects, OnUnknown, doc_example::{Order, ShopError}};
/// # #[derive(Clone, serde::Serialize, serde::Deserialize)]
/// # struct OrderShipped { order: String }
/// # impl Message for OrderShipped { const TYPE: &'static str = "order.shipped"; }
/// # impl Event for OrderShipped { fn stream(&self) -> StreamId { Order::at(&self.order).stream() } }
/// # #[derive(Clone, serde::Serialize, serde::Deserialize)]
/// # struct OrderReturned { order: String }
/// # impl Message for OrderReturned { const TYPE: &'static str = "order.returned"; }
/// # impl Event for OrderReturned { fn stream(&self) -> StreamId { Order::at(&self.order).stream() } }
/// # struct Settings { most_on_the_road: u32 }
/// # struct RoadLimit { most: u32 }
/// # impl Listener<OrderShipped> for RoadLimit {
/// #     const NAME: &'static str = "road-limit";
/// #     type Error = ShopError;
/// #     async fn on(&self, _: &Envelope<OrderShipped>, _: &mut Tx) -> Result<Outcome, ShopError> { Ok(Outcome::DONE) }
/// # }
/// # struct TellCustomer;
/// # impl Job<OrderShipped> for TellCustomer {
/// #     const NAME: &'static str = "tell-customer";
/// #     const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
/// #     type Done = ();
/// #     type Error = ShopError;
/// #     async fn perform(&self, _: &Envelope<OrderShipped>, _: &Effects) -> Result<Outcome, ShopError> { Ok(Outcome::DONE) }
/// #     async fn record(&self, _: &Envelope<OrderShipped>, (): &(), _: &mut Tx) -> Result<(), ShopError> { Ok(()) }
/// # }
/// # struct TellWarehouse;
/// # impl Listener<OrderReturned> for TellWarehouse {
/// #     const NAME: &'static str = "tell-warehouse";
/// #     type Error = ShopError;
/// #     async fn on(&self, _: &Envelope<OrderReturned>, _: &mut Tx) -> Result<Outcome, ShopError> { Ok(Outcome::DONE) }
/// # }
/// # struct UpdateMap;
/// # impl Listener<OrderShipped> for UpdateMap {
/// #     const NAME: &'static str = "update-map";
/// #     type Error = ShopError;
/// #     async fn on(&self, _: &Envelope<OrderShipped>, _: &mut Tx) -> Result<Outcome, ShopError> { Ok(Outcome::DONE) }
/// # }
/// reactions! {
///     /// What happens after what in the warehouse.
///     pub fn reactions(settings: &Settings);
///
///     OrderShipped {
///         in_request RoadLimit { most: settings.most_on_the_road },
///         queued TellCustomer,
///         queued_in_order UpdateMap,
///     }
///     OrderReturned {
///         published TellWarehouse,
///     }
///     "order.*" { published }
/// }
///
/// let table = reactions(&Settings { most_on_the_road: 20 });
/// assert_eq!(table.queued("order.shipped"), ["tell-customer", "update-map"]);
/// assert_eq!(table.published("order.returned"), ["tell-warehouse"]);
/// assert!(table.is_published("order.shipped"));
/// assert!(table.is_in_order("update-map") && !table.is_in_order("tell-customer"));
/// ```
#[macro_export]
macro_rules! reactions {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($settings:ident: $Settings:ty);
        $($of:tt { $($row:tt)* })*
    ) => {
        $($crate::reactions!(@routed $of);)*

        $(#[$meta])*
        #[allow(unused_variables, reason = "a table may have no settings, a row no reactions")]
        $vis fn $name($settings: $Settings) -> $crate::Reactions {
            let mut table = $crate::Reactions::default();
            $($crate::reactions!(@row table $of, $($row)*);)*
            $($crate::reactions!(@family table $of, $($row)*);)*
            table
        }
    };
    // The kit's own, which nobody else may emit.
    (@routed TaskFailed) => {};
    (@routed ObjectCreated) => {};
    (@routed $family:literal) => {};
    (@routed $Message:ident) => {
        impl $crate::Routed for $Message {}
    };
    // After all rows: a family that none of them is of is a mistake.
    (@family $table:ident $family:literal, published $(,)?) => {
        $table.publish($family);
    };
    (@family $table:ident $Message:ident, $($row:tt)*) => {};
    (@row $table:ident $family:literal, published $(,)?) => {};
    (@row $table:ident $Message:ty,) => {
        // Even an empty row is a row: somebody decided that nothing follows.
        let _ = $table.row::<$Message>();
    };
    (@row $table:ident $Message:ty, in_request $listener:expr, $($rest:tt)*) => {
        $table.row::<$Message>().in_request($listener);
        $crate::reactions!(@row $table $Message, $($rest)*);
    };
    (@row $table:ident $Message:ty, queued $Handler:ty, $($rest:tt)*) => {
        $table.row::<$Message>().queued::<$Handler, _>();
        $crate::reactions!(@row $table $Message, $($rest)*);
    };
    (@row $table:ident $Message:ty, published $Handler:ty, $($rest:tt)*) => {
        $table.row::<$Message>().published::<$Handler, _>();
        $crate::reactions!(@row $table $Message, $($rest)*);
    };
    (@row $table:ident $Message:ty, queued_in_order $Handler:ty, $($rest:tt)*) => {
        $table.row::<$Message>().queued_in_order::<$Handler, _>();
        $crate::reactions!(@row $table $Message, $($rest)*);
    };
}
