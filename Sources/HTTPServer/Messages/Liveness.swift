import Synchronization

/// Whether a slot still has the connection of a generation, for other threads.
final class Liveness: Sendable {
    /// 0 while there is no connection.
    private let generation = Atomic<UInt32>(0)

    func set(_ value: UInt32) {
        generation.store(value, ordering: .releasing)
    }

    func isCurrent(_ value: UInt32) -> Bool {
        generation.load(ordering: .acquiring) == value
    }
}
