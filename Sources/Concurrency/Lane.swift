/// What a request waits as. Of whatever is bounded, each of the two has a share of its own: slots and bytes of queues, compute threads,
/// spool files and their disk. However many readers there are, and however slowly they read, writers find theirs; and the reverse.
package enum Lane: Sendable, CaseIterable {
    /// A request that changes something.
    case writing
    /// A request that only reads.
    case reading

    /// Two values, one for each lane.
    package struct Pair<Value> {
        package var writing: Value
        package var reading: Value

        package init(writing: Value, reading: Value) {
            self.writing = writing
            self.reading = reading
        }

        package subscript(lane: Lane) -> Value {
            get {
                switch lane {
                case .writing: writing
                case .reading: reading
                }
            }
            set {
                switch lane {
                case .writing: writing = newValue
                case .reading: reading = newValue
                }
            }
        }
    }
}

extension Lane.Pair: Sendable where Value: Sendable {}
