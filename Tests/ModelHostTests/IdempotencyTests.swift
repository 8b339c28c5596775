import AnalyticLearning
import TensorFormats
import Testing

@testable import ModelHost

@Suite struct IdempotencyTests {
    private func identity(_ key: String, _ hash: UInt64, block: Int = 0) throws -> RequestIdentity {
        RequestIdentity(key: try #require(IdempotencyKey(key)), block: block, hash: hash)
    }

    private func answer(_ version: Int, newClasses: [Label] = []) -> IdempotencyTable.Answer {
        .learn(
            LearnAnswer(model: "m", version: version, rows: 1, samples: version, classes: 1, newClasses: [], accuracyBefore: nil),
            newClasses: .named(newClasses))
    }

    /// Test vectors of the xxHash specification's reference implementation.
    @Test(arguments: [
        ("", UInt64(0xEF46_DB37_51D8_E999)), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
        ("Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2_E854_70D6_FD96),
    ])
    func hash_isXXH64(text: String, expected: UInt64) {
        #expect(Array(text.utf8).withUnsafeBytes { StableHash.hash($0) } == expected)
    }

    @Test func table_answersAgainAndRefusesAnotherRequest() throws {
        var table = IdempotencyTable()
        table.remember(try identity("k", 1), answer(7), time: 100)
        guard case .answered(.learn(let again, _)) = try table.find(identity("k", 1)) else {
            Issue.record("forgotten")
            return
        }
        #expect(again.version == 7)
        #expect(throws: ModelError.self) { try table.find(identity("k", 2)) }
        guard case .new = try table.find(identity("k", 3, block: 1)) else {
            Issue.record("a block that was never sent")
            return
        }
    }

    @Test func table_isBoundedByAgeAndCount() throws {
        var table = IdempotencyTable()
        table.remember(try identity("old", 1), answer(1), time: 0)
        table.remember(try identity("stream", 1), answer(2), time: 0)
        table.remember(try identity("stream", 2, block: 1), answer(3), time: IdempotencyTable.lifetime)
        table.remember(try identity("new", 1), answer(4), time: IdempotencyTable.lifetime + 1)
        #expect(table.inOrder.map(\.key.text) == ["stream", "new"])
        for index in 0..<(IdempotencyTable.maximumKeys + 10) {
            table.remember(try identity("\(index)", 1), answer(index), time: IdempotencyTable.lifetime + 2)
        }
        #expect(table.entries.count == IdempotencyTable.maximumKeys)
        #expect(table.inOrder.first?.key.text == "10")
        for index in 0..<40 {
            table.remember(
                try identity("large\(index)", 1), .body([UInt8](repeating: 0, count: 1 << 20)), time: IdempotencyTable.lifetime + 3)
        }
        #expect(table.entries.count < 40)
    }

    @Test func table_tellsItsMemory() throws {
        var table = IdempotencyTable()
        #expect(table.heldBytes == 0)
        for index in 0..<IdempotencyTable.maximumKeys { table.remember(try identity("a long key, number \(index)", 1), answer(1), time: 1) }
        // A key of more than fifteen bytes and its list of one block are on the heap; key and entry are in a list each.
        let block = 32 + MemoryLayout<IdempotencyTable.Block>.stride
        let least = 16 + MemoryLayout<IdempotencyTable.Entry>.stride + 16 + 8 + (32 + 20) + block
        let held = table.heldBytes / IdempotencyTable.maximumKeys
        // Lists have room to grow.
        #expect(held >= least && held <= 2 * least, "\(held) bytes a key, \(least) at least")
        table.removeAll()
        #expect(table.heldBytes == 0)
    }

    @Test func table_isReadBackAndNeverReadWrong() throws {
        var table = IdempotencyTable()
        table.remember(try identity("a", 1), answer(1, newClasses: ["é", "z"]), time: 5)
        table.remember(try identity("b", 2), .body([1, 2, 3]), time: 6)
        table.remember(try identity("b2", 3), answer(2), time: 6)
        table.remember(try identity("b2", 4, block: 1), answer(3), time: 7)
        let registry = try #require(ClassRegistry(labels: ["x", "y", "z"]))
        table.remember(
            try identity("c", 9), .listing(Array("{".utf8), .identified([0..<1, 2..<3]), Array("}".utf8)), time: 8)
        table.remember(try identity("d", 9), .listing(Array("{".utf8), .named(["x"]), Array("}".utf8)), time: 8)
        table.remember(
            try identity("e", 5),
            .learn(
                LearnAnswer(
                    model: "m", version: 4, rows: 2, samples: 5, classes: 3, newClasses: [], accuracyBefore: 0.5,
                    servedAccuracyBefore: 0.25),
                newClasses: .identified([1..<3])), time: 9)
        let bytes = table.encoded(registry)
        let read = try #require(bytes.withUnsafeBytes { IdempotencyTable($0, model: "m") })
        #expect(read.encoded(registry) == bytes)
        #expect(read.inOrder.map(\.key.text) == ["a", "b", "b2", "c", "d", "e"])
        for count in 0..<bytes.count {
            #expect(bytes[..<count].withUnsafeBytes { IdempotencyTable($0, model: "m") } == nil)
        }
    }

    /// As servers wrote it that did not know what was served.
    @Test func olderForm_isRead() throws {
        for (kind, classes) in [(UInt32(0), [UInt8]()), (2, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])] {
            var bytes: [UInt8] = []
            bytes.append(integer: UInt64(1))
            bytes.append(integer: Int64(7))
            bytes.append(integer: UInt32(1))
            bytes.append(integer: UInt32(1))
            bytes += Array("k".utf8)
            bytes.append(integer: UInt64(5))
            bytes.append(integer: kind)
            bytes.append(integer: UInt32(kind == 0 ? 0 : 1))
            for number in [4, 2, 5, 3] { bytes.append(integer: UInt64(number)) }
            bytes.append(integer: 0.5.bitPattern)
            bytes += classes
            let table = try #require(bytes.withUnsafeBytes { IdempotencyTable($0, model: "m") })
            guard case .learn(let answer, _) = table.inOrder.first?.entry.blocks.first?.answer else {
                Issue.record("not read")
                continue
            }
            #expect(answer.version == 4 && answer.accuracyBefore == 0.5 && answer.servedAccuracyBefore == nil)
        }
    }

    @Test func theNewestAnswerStays_andNoneTakesAllTheRoom() throws {
        var table = IdempotencyTable()
        table.remember(try identity("old", 1), answer(1), time: 0)
        let large = [UInt8](repeating: 0, count: IdempotencyTable.maximumBytes)
        table.remember(try identity("large", 1), .body(large), time: 1)
        #expect(table.inOrder.map(\.key.text) == ["large"])
        table.remember(try identity("next", 1), answer(2), time: 2)
        #expect(table.inOrder.map(\.key.text) == ["next"])
        // A stream is refused before it takes too much, and others stay.
        var block = 0
        while case .new? = try? table.find(identity("stream", UInt64(block), block: block)) {
            table.remember(try identity("stream", UInt64(block), block: block), answer(3), time: 3)
            block += 1
        }
        #expect(block > 50_000)
        #expect(throws: ModelError.self) { try table.find(identity("stream", 0, block: block)) }
        #expect(table.inOrder.map(\.key.text) == ["next", "stream"])
        // What was sent before is not known any more: to learn the rest would make the whole be learned twice by a repeat.
        #expect(throws: ModelError.self) { try table.find(identity("unknown", 1, block: 1)) }
    }

    @Test func classesOfAnAnswer_areToldAsTheyAre() throws {
        var registry = ClassRegistry()
        let labels = (0..<1000).map { Label("class \($0)") }
        for label in labels { _ = registry.intern(label) }
        let classes = AnsweredClasses(100..<1000, of: registry)
        #expect(classes.bytes <= 16 && classes.labels(registry) == Array(labels[100...]))
        let few = AnsweredClasses([3, 7], of: registry)
        guard case .named(["class 3", "class 7"]) = few else {
            Issue.record("few labels are kept as they are")
            return
        }
        let long = try #require(ClassRegistry(labels: (0..<4).map { try Label(String(repeating: "\($0)", count: 1024)) }))
        guard case .identified([0..<4]) = AnsweredClasses(0..<4, of: long) else {
            Issue.record("long labels take too much")
            return
        }
        // Every other class: as many ranges.
        #expect(AnsweredClasses(stride(from: 0, to: 1000, by: 2).map { $0 }, of: registry).bytes == 16 * 500)
    }

    @Test func keys_areShortVisibleASCII() {
        for text in ["", String(repeating: "k", count: 256), "é", "a\tb", "a\u{7F}"] { #expect(IdempotencyKey(text) == nil) }
        for text in ["k", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", String(repeating: "k", count: 255)] {
            #expect(IdempotencyKey(text) != nil)
        }
    }
}
