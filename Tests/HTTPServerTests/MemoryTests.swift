import Concurrency
import Testing

@testable import HTTPServer

@Suite struct MemoryTests {
    private func text(_ buffer: borrowing ByteBuffer) -> String {
        String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// `#expect` cannot look into noncopyable values.
    private func expect<Value: Equatable>(_ found: Value, _ expected: Value, at location: SourceLocation = #_sourceLocation) {
        #expect(found == expected, sourceLocation: location)
    }

    private func append(_ text: String, to buffer: inout ByteBuffer) {
        Array(text.utf8).withUnsafeBytes { buffer.append($0) }
    }

    private func append(_ octets: [UInt8], to builder: inout BodyBuilder, expected: Int) -> Bool {
        octets.withUnsafeBytes { builder.append($0, expected: expected) }
    }

    @Test func buffersAreFilledAndConsumed() {
        var buffer = ByteBuffer()
        expect(buffer.capacity, 0)
        buffer.append("one ")
        buffer.append(decimal: 0)
        buffer.append(UInt8(ascii: " "))
        buffer.append(decimal: .max)
        buffer.append(" ")
        buffer.append(hexadecimal: 255)
        expect(text(buffer), "one 0 9223372036854775807 ff")
        buffer.consume(4)
        expect(text(buffer), "0 9223372036854775807 ff")
        buffer.consume(buffer.count)
        expect(buffer.count, 0)
        buffer.release()
        expect(buffer.capacity, 0)
    }

    @Test func aConsumedStartIsUsedAgain() {
        var buffer = ByteBuffer(capacity: 256)
        for _ in 0..<1000 {
            append("0123456789", to: &buffer)
            buffer.consume(min(buffer.count, 10))
        }
        expect(buffer.capacity, 256)
        append(String(repeating: "x", count: 200), to: &buffer)
        buffer.consume(100)
        append(String(repeating: "y", count: 150), to: &buffer)
        expect(buffer.capacity, 256)
        expect(text(buffer), String(repeating: "x", count: 100) + String(repeating: "y", count: 150))
        append(String(repeating: "z", count: 1000), to: &buffer)
        expect(buffer.count, 1250)
    }

    @Test func theBudgetRefusesWhatDoesNotFit() {
        let budget = MemoryBudget(limit: 100)
        #expect(budget.reserve(60))
        #expect(!budget.reserve(41))
        #expect(!budget.reserve(.max))
        #expect(budget.reserve(40))
        budget.release(100)
        #expect(budget.used == 0)
    }

    @Test func contentGrowsWithWhatArrivesAndNotWithWhatIsAnnounced() {
        let budget = MemoryBudget(limit: 1 << 40)
        var builder = BodyBuilder(budget: budget)
        let reserved = builder.reserve(1, expected: 1 << 36)
        #expect(reserved)
        #expect(budget.used == BodyBuilder.firstStep)
        let octets = [UInt8](repeating: 7, count: 100_000)
        for _ in 0..<10 { #expect(append(octets, to: &builder, expected: 1 << 36)) }
        #expect(budget.used <= 2 * 1_000_000)
        let body = builder.take()
        #expect(body.count == 1_000_000)
        #expect(body.withUnsafeBytes { $0.allSatisfy { $0 == 7 } })
        let left = builder.count
        #expect(left == 0)
    }

    @Test func contentCountsUntilItDies() {
        let budget = MemoryBudget(limit: 1000)
        var builder = BodyBuilder(budget: budget)
        #expect(append([UInt8](repeating: 1, count: 24), to: &builder, expected: 24))
        var body: Body? = builder.take()
        #expect(budget.used == 24)
        #expect(body?.count == 24)
        body = nil
        #expect(budget.used == 0)
        let large = [UInt8](repeating: 0, count: 1001)
        #expect(!append(large, to: &builder, expected: 1001))
        #expect(budget.used == 0)
    }
}
