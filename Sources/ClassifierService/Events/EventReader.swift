internal import HTTPServer
internal import ModelHost

/// One client that reads a model's events, and its position.
///
/// `@unchecked Sendable`: created on an event loop, then passed to the dispatcher, and used only by its thread.
final class EventReader: @unchecked Sendable {
    let id: Int
    let hub: EventHub
    let stream: StreamBody
    /// The number of the last event written.
    private var cursor: Int

    init(id: Int, hub: EventHub, stream: StreamBody, cursor: Int) {
        self.id = id
        self.hub = hub
        self.stream = stream
        self.cursor = cursor
    }

    /// Writes the client's next events until its stream is full.
    ///
    /// - Parameters:
    ///   - encoded: the events that have been written for others.
    ///   - missed: called with the number of events lost to the client.
    /// - Returns: false if the stream has ended.
    func pump(_ encoded: inout EncodedEvents, _ missed: (Int) -> Void) -> Bool {
        while true {
            let result: StreamBody.WriteResult
            let next: Int
            switch hub.step(after: cursor) {
            case .nothing: return !stream.isClosed
            case .event(let event, let number): (result, next) = (stream.write(encoded.frame(event, number, of: hub)), number)
            case .missed(let count, let last):
                (result, next) = (stream.write(EventFrame.dropped(count, id: last)), last)
                if result == .accepted { missed(count) }
            case .end:
                stream.finish()
                return false
            }
            switch result {
            case .accepted: cursor = next
            // The stream notifies the dispatcher when there is room again.
            case .full: return true
            case .closed: return false
            }
        }
    }

    /// Writes a comment.
    ///
    /// - Returns: false if the stream has ended.
    func keepAlive() -> Bool { stream.write(EventFrame.keepAlive) != .closed }
}
