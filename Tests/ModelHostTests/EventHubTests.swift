import AnalyticLearning
import Testing

@testable import ModelHost

/// Events without sockets: the ring, and who reads it.
@Suite struct EventHubTests {
    /// Publishes events that take some bytes more than others do.
    private func publish(_ count: Int, to hub: EventHub, padding: Int = 0) throws {
        let label = try Label(String(repeating: "x", count: 1000))
        let state = StateSummary(model: "m", version: 1, samples: 1, classes: 1)
        let labels = [Label](repeating: label, count: padding / 1000)
        for _ in 0..<count {
            hub.publish(
                padding == 0
                    ? .changed(version: 1, .merged)
                    : .learned(
                        ModelEvent.Learned(state: state, rows: 1, newClasses: labels[...], accuracyBefore: nil, servedAccuracyBefore: nil)))
        }
    }

    private func number(_ step: EventHub.Step) -> Int? {
        if case .event(_, let number) = step { number } else { nil }
    }

    private func missed(_ step: EventHub.Step) -> [Int]? {
        if case .missed(let count, let last) = step { [count, last] } else { nil }
    }

    private func isNothing(_ step: EventHub.Step) -> Bool {
        if case .nothing = step { true } else { false }
    }

    private func isEnd(_ step: EventHub.Step) -> Bool {
        if case .end = step { true } else { false }
    }

    @Test func theRingKeepsTheNewest() throws {
        let hub = EventHub(nil)
        try publish(3, to: hub)
        #expect(hub.newest == hub.origin + 3)
        #expect(isNothing(hub.step(after: hub.newest)))
        #expect(number(hub.step(after: hub.origin)) == hub.origin + 1)
        try publish(EventHub.capacity, to: hub)
        #expect(missed(hub.step(after: hub.origin)) == [3, hub.origin + 3])
        #expect(number(hub.step(after: hub.origin + 3)) == hub.origin + 4)
    }

    @Test func theRingIsBoundedInBytes() throws {
        let hub = EventHub(nil)
        try publish(40, to: hub, padding: 8000)
        let missed = (20...40).first { self.missed(hub.step(after: hub.origin)) == [$0, hub.origin + $0] }
        #expect(missed != nil)
        // A model with ever so many new classes names some of them.
        try publish(1, to: hub, padding: 2 * EventHub.maximumBytes)
        guard case .event(.learned(let event), _) = hub.step(after: hub.newest - 1) else {
            Issue.record("no event")
            return
        }
        #expect(event.newClasses.count == 8 && event.unnamed == 2 * EventHub.maximumBytes / 1000 - 8)
    }

    @Test func nothingComesAfterTheEnd() throws {
        let hub = EventHub(nil)
        hub.end()
        try publish(1, to: hub)
        hub.end()
        #expect(hub.newest == hub.origin + 1)
        #expect(isEnd(hub.step(after: hub.newest)))
    }

    @Test func numbersOfALaterLifeAreLarger() {
        #expect(EventHub(nil).origin > 1 << 50)
        #expect(EventHub(nil).origin < 1 << 53)
    }
}
