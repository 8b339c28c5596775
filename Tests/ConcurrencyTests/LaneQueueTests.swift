import Foundation
import Testing

@testable import Concurrency

/// Readers and writers have separate shares of a queue and of a pool.
@Suite struct LaneQueueTests {
    @Test func writersGoFirst_thenBothTakeTurns() {
        let queue = LaneQueue<String>()
        for number in 1...3 { #expect(queue.append("r\(number)", to: .reading) == .taken) }
        for number in 1...4 { #expect(queue.append("w\(number)", to: .writing) == .taken) }
        var order: [String] = []
        for _ in 0..<7 { order += queue.take() ?? [] }
        #expect(order == ["w1", "r1", "w2", "r2", "w3", "r3", "w4"])
        // A writer with no waiting reader leaves the next turn to writers.
        for (name, lane) in [("w", Lane.writing), ("r", .reading), ("w", .writing)] { _ = queue.append(name, to: lane) }
        #expect(queue.take { _, _ in true } == ["w", "w"])
        #expect(queue.take { _, _ in true } == ["r"])
    }

    @Test func lanesAreBoundedEachForItself() {
        let memory = Lane.Pair(writing: MemoryBudget(limit: 100), reading: MemoryBudget(limit: 10))
        let queue = LaneQueue<Int>(memory: memory)
        let limit = LaneQueue<Int>.Limit(slots: 3, bytes: 90)
        #expect(queue.append(1, to: .reading, bytes: 1000, within: limit) == .taken, "one of any size")
        #expect(queue.append(2, to: .reading, bytes: 1, within: limit) == .full)
        for number in 3...5 { #expect(queue.append(number, to: .writing, bytes: 30, within: limit) == .taken) }
        #expect(queue.append(6, to: .writing, within: limit) == .full)
        #expect(queue.append(7, to: .writing, bytes: 30) == .taken, "the service's own")
        #expect(queue.count == 5 && queue.bytes == 1090)
        // Another queue with the same memory.
        let other = LaneQueue<Int>(memory: memory)
        #expect(other.append(1, to: .writing, bytes: 11, within: limit) == .crowded)
        #expect(other.append(1, to: .writing, bytes: 10, within: limit) == .taken)
        #expect(queue.take { _, _ in true } == [3, 4, 5, 7])
        #expect(memory.writing.used == 10 && memory.reading.used == 1000)
        #expect(queue.close(behind: 9) == [1])
        #expect(other.close() == [1])
        #expect(memory.writing.used == 0 && memory.reading.used == 0)
        #expect(queue.take() == [9] && queue.take() == nil)
        #expect(queue.append(1, to: .reading) == .closed)
    }

    /// A task may wake the thread for both lanes, or the one for writers alone: no task waits forever.
    @Test func everyTaskIsRun_whoeverIsWoken() throws {
        let pool = try ComputePool(threads: 1, keepsOneForWriters: true, maximumWaiting: 4)
        defer { pool.stop() }
        let done = DispatchSemaphore(value: 0)
        for round in 0..<1000 {
            #expect(pool.run(round % 3 == 0 ? .writing : .reading) { done.signal() })
            done.wait()
        }
    }

    @Test func readersLeaveWritersAThreadAndTheirSlots() throws {
        let pool = try ComputePool(threads: 2, keepsOneForWriters: true, maximumWaiting: 8)
        let (begun, ended, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        for _ in 0..<2 {
            #expect(
                pool.run(.reading) {
                    begun.signal()
                    ended.wait()
                })
            begun.wait()
        }
        for _ in 0..<8 { #expect(pool.run(.reading) { ended.wait() }) }
        #expect(!pool.run(.reading) {})
        for _ in 0..<20 {
            #expect(pool.run(.writing) { written.signal() })
            written.wait()
        }
        for _ in 0..<10 { ended.signal() }
        pool.stop()
    }
}
