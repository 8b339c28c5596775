/// What has happened to a model, as the `event` field of a server-sent event names it.
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
