internal import ModelHost

/// The events of one model as they were written last, so that each is written once for all of its readers.
struct EncodedEvents {
    /// Enough for readers that keep up; a slow reader's events are encoded again.
    private static let maximumCount = 64

    private var hub: EventHub?
    private var frames: [Int: [UInt8]] = [:]

    /// An event's frame.
    mutating func frame(_ event: ModelEvent, _ number: Int, of hub: EventHub) -> [UInt8] {
        if self.hub !== hub || frames.count >= Self.maximumCount {
            self.hub = hub
            frames.removeAll(keepingCapacity: true)
        }
        if let frame = frames[number] { return frame }
        let frame = EventFrame.encode(event, id: number)
        frames[number] = frame
        return frame
    }

    /// Frees the frames, when there are no readers.
    mutating func removeAll() {
        hub = nil
        frames = [:]
    }
}
