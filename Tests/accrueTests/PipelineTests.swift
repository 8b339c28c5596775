import Concurrency
import Foundation
import Testing

@testable import accrue

/// Concurrent batches: in order, few at a time, and stopped by the first failure.
@Suite struct PipelineTests {
    private struct Failure: Error {}

    private struct Count {
        var sent = 0
        var underWay = 0
        var most = 0
        var delivered: [Int] = []
    }

    @Test func outcomesAreDeliveredInOrderAndFewAreUnderWay() throws {
        let count = Guarded(Count())
        let pipeline = try BatchPipeline<Int>(
            connections: 4,
            makeSender: {
                { batch in
                    usleep(UInt32.random(in: 0...2000))
                    return batch.number * 10
                }
            },
            deliver: { batch, outcome in
                count.withLock { count in
                    count.underWay -= 1
                    count.delivered.append(outcome)
                }
                #expect(outcome == batch.number * 10)
            })
        for _ in 0..<300 {
            #expect(pipeline.submit(RowBatch()))
            count.withLock { count in
                count.underWay += 1
                count.most = max(count.most, count.underWay)
            }
        }
        #expect(pipeline.drain())
        try pipeline.finish()
        #expect(count.withLock { $0.delivered } == (0..<300).map { $0 * 10 })
        // Eight, and one that is counted after its successor's outcome.
        #expect(count.withLock { $0.most } <= 9)
    }

    @Test func aFailureStopsWhatHasNotBeenSentAndDeliversWhatCameBefore() throws {
        let count = Guarded(Count())
        let pipeline = try BatchPipeline<Int>(
            connections: 3,
            makeSender: {
                { batch in
                    if batch.number == 20 { throw Failure() }
                    count.withLock { $0.sent += 1 }
                    return batch.number
                }
            },
            deliver: { _, outcome in count.withLock { $0.delivered.append(outcome) } })
        var submitted = 0
        while submitted < 1000, pipeline.submit(RowBatch()) { submitted += 1 }
        #expect(throws: Failure.self) { try pipeline.finish() }
        #expect(submitted < 40)
        // All before it, in order; none after it.
        #expect(count.withLock { $0.delivered } == Array(0..<20))
    }

    @Test func nothingIsDeliveredAfterADeliveryThatFailed() throws {
        let count = Guarded(Count())
        let pipeline = try BatchPipeline<Int>(
            connections: 3, makeSender: { { $0.number } },
            deliver: { _, outcome in
                if outcome == 5 { throw Failure() }
                count.withLock { $0.delivered.append(outcome) }
            })
        while pipeline.submit(RowBatch()) {}
        #expect(throws: Failure.self) { try pipeline.finish() }
        #expect(!pipeline.drain())
        #expect(count.withLock { $0.delivered } == Array(0..<5))
    }

    @Test func withoutAThread_nothingIsLeft() throws {
        let refusals = ThreadRefusals()
        refusals.fail("sender", after: 2)
        let senders = Guarded(0)
        Threads.$refusals.withValue(refusals) {
            #expect(throws: ThreadError.self) {
                try BatchPipeline<Int>(
                    connections: 3,
                    makeSender: {
                        senders.withLock { $0 += 1 }
                        return { _ in 0 }
                    }, deliver: { _, _ in })
            }
        }
        #expect(senders.withLock { $0 } <= 2)
    }
}
