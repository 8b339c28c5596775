internal import Concurrency

/// The bodies being learned as they arrive. Each holds some blocks of rows, so their number is bounded. If all places are taken, the stream
/// that has waited longest for its client gives way: a stalled client keeps nobody out.
final class LearnStreams: Sendable {
    private struct Place {
        weak var stream: LearnStream?
    }

    private struct State {
        var places: [Int: Place] = [:]
        var next = 0
    }

    private let state = Guarded(State())
    private let limit: Int
    private let patience: Double

    /// - Parameters:
    ///   - limit: the most streams at the same time.
    ///   - patience: seconds that a client may take for a block while others wait for its place.
    init(limit: Int, patience: Double) {
        self.limit = limit
        self.patience = patience
    }

    /// Takes a place; nil if active streams have all of them.
    func take() -> Int? { takeFree() ?? (makeRoom() ? takeFree() : nil) }

    /// Assigns a stream to a place.
    func fill(_ place: Int, with stream: LearnStream) {
        state.withLock { state in
            if state.places[place] != nil { state.places[place] = Place(stream: stream) }
        }
    }

    /// Frees a place; it may have been taken away before.
    func leave(_ place: Int) {
        state.withLock { state in _ = state.places.removeValue(forKey: place) }
    }

    private func takeFree() -> Int? {
        state.withLock { state in
            guard state.places.count < limit else { return nil }
            state.next += 1
            state.places[state.next] = Place()
            return state.next
        }
    }

    private func makeRoom() -> Bool {
        // The references must outlive the lock: a stream that ends locks it again.
        let streams: [(place: Int, stream: LearnStream)] = state.withLock { state in
            state.places.compactMap { place, entry in entry.stream.map { (place, $0) } }
        }
        let latest = MonotonicClock.now - patience
        let stalled = streams.compactMap { place, stream in stream.waitsForClientSince.map { (place, stream, since: $0) } }
        for (place, stream, since) in stalled.sorted(by: { $0.since < $1.since }) where since <= latest {
            guard stream.giveWay() else { continue }
            leave(place)
            return true
        }
        return false
    }
}
