/// The kind of a waiting request. Each kind has its own share of every limited resource: slots and bytes of queues, compute threads, spool
/// files and their disk. Many or slow readers never take the writers' share, and the reverse.
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
