/// The kind of an event, as named in the `event` field of a server-sent event.
enum EventKind: Sendable {
    case state, learned, rebalanced, checkpointed, driftHealed, changed, deleted, dropped

    var name: StaticString {
        switch self {
        case .state: "state"
        case .learned: "learned"
        case .rebalanced: "rebalanced"
        case .checkpointed: "checkpointed"
        case .driftHealed: "drift_healed"
        case .changed: "changed"
        case .deleted: "deleted"
        case .dropped: "dropped"
        }
    }
}
